/**
 * A stranger's checkout brings a lock of dependencies, too. Nothing of it reaches another host, and nothing
 * that the packages themselves do not ask for is installed, here or in another project.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { binary, type RunResult, Sandbox } from "./support.ts";

const SAY = {
  name: "say",
  version: "1.0.0",
  bin: { say: "cli.js" },
  dependencies: { dep: "1", renamed: "npm:real@1" },
};
const CLI = "#!/usr/bin/env node\nconsole.log(require('dep') + require('renamed'));\n";
const PACKAGES = [["dep", "1.0.0"], ["dep", "2.0.0"], ["real", "1.0.0"], ["hello", "1.0.0"]] as const;

/** The hash of each `name@version`. */
type Hashes = ReadonlyMap<string, string>;

async function publish(registry: LoopbackRegistry, says: string): Promise<Hashes> {
  const hashes = new Map<string, string>();
  await registry.addPackage(SAY, { "cli.js": { content: CLI, mode: 0o755 } });
  for (const [name, version] of PACKAGES) {
    const { integrity } = await registry.addPackage({ name, version, main: "index.js" }, {
      "index.js": `module.exports = "${says} ${name} ${version};";\n`,
    });
    hashes.set(`${name}@${version}`, integrity);
  }
  return hashes;
}

const GOOD = "good dep 1.0.0;good real 1.0.0;\n";

interface Forger {
  /** The lock that haft wrote. */
  text: string;
  /** The line of a place in it. */
  line: (place: string) => string;
  /** A line that Bun would have written. */
  entry: (place: string, id: string, options?: { address?: string; hash?: string }) => string;
  /** The stranger's registry. */
  evil: { url: string; hashes: Hashes };
}

interface World {
  /** Runs haft in the stranger's checkout, or in the user's own project. */
  run: (project: "strange" | "mine", ...args: string[]) => Promise<RunResult>;
  /** Writes the stranger's lock anew. */
  forge: (text: (forger: Forger) => string) => void;
  /** What the stranger's registry was asked. */
  asked: LoopbackRegistry["requests"];
}

async function withStrangersLock(test: (world: World) => Promise<void>): Promise<void> {
  await using own = await LoopbackRegistry.start();
  await using evil = await LoopbackRegistry.start();
  await using sandbox = await Sandbox.create({ registry: own.url });
  const hashes = await publish(own, "good");
  const evilHashes = await publish(evil, "evil");
  const run = (project: string, ...args: string[]) =>
    sandbox.run(binary, { args, cwd: join(sandbox.root, project) });
  for (const project of ["strange", "mine"]) {
    mkdirSync(join(sandbox.root, project));
    writeFileSync(join(sandbox.root, project, "haft.toml"), '[tools]\n"npm:say" = "1.0.0"\n');
  }
  assertEquals((await run("strange", "sync")).code, 0);
  assertEquals((await run("strange", "x", "say")).stdout, GOOD);
  await run("strange", "uninstall", "npm:say");
  const lock = join(sandbox.root, "strange", "haft.lock.d", "npm+say.bun.lock");
  const text = readFileSync(lock, "utf8");
  const forger: Forger = {
    text,
    line(place) {
      const found = text.split("\n").find((one) => one.startsWith(`    "${place}": [`));
      if (found === undefined) throw new Error(`no ${place} in ${text}`);
      return found;
    },
    entry: (place, id, { address = "", hash = hashes.get(id) ?? "" } = {}) =>
      `    "${place}": ["${id}", "${address}", {}, "${hash}"],`,
    evil: { url: evil.url, hashes: evilHashes },
  };
  await test({ run, forge: (forge) => writeFileSync(lock, forge(forger)), asked: evil.requests });
}

Deno.test("an address in a stranger's lock of dependencies is not asked, and no project gets what is there", async () => {
  await withStrangersLock(async ({ run, forge, asked }) => {
    forge(({ text, line, entry, evil: { url } }) =>
      text.replace(line("dep"), entry("dep", "dep@1.0.0", { address: `${url}dep/-/dep-1.0.0.tgz` }))
    );
    assertEquals((await run("strange", "sync", "--locked")).code, 1);
    const sync = await run("strange", "sync");
    assertEquals(sync.code, 0, sync.stderr);
    assertEquals((await run("strange", "x", "say")).stdout, GOOD);

    await run("strange", "uninstall", "npm:say");
    forge(({ text, line, entry, evil: { url, hashes } }) => {
      const hash = hashes.get("dep@1.0.0") ?? "";
      return text.replace(
        line("dep"),
        entry("dep", "dep@1.0.0", { address: `${url}dep/-/dep-1.0.0.tgz`, hash }),
      );
    });
    assertEquals((await run("strange", "sync", "--locked")).code, 1);
    assertEquals((await run("strange", "x", "say")).code, 1);
    assertEquals((await run("mine", "sync")).code, 0);
    assertEquals((await run("mine", "x", "say")).stdout, GOOD);
    assertEquals(asked, []);
  });
});

Deno.test("a lock of dependencies that the packages do not bear out installs nothing, and says why", async (t) => {
  const forgeries: [what: string, forge: (forger: Forger) => string, why: string][] = [
    [
      "another package under a dependency's name",
      ({ text, line, entry }) => text.replace(line("dep"), entry("dep", "hello@1.0.0")),
      "it has hello@1.0.0, for which no package asks",
    ],
    [
      "another package under an alias",
      ({ text, line, entry }) => text.replace(line("renamed"), entry("renamed", "hello@1.0.0")),
      "it has hello@1.0.0, for which no package asks",
    ],
    [
      "a version outside the range",
      ({ text, line, entry }) => text.replace(line("dep"), entry("dep", "dep@2.0.0")),
      "it has dep@2.0.0, for which no package asks",
    ],
    [
      "a package that nothing needs",
      ({ text, line, entry }) =>
        text.replace('"dependencies": { "dep"', '"dependencies": { "hello": "1", "dep"')
          .replace(line("dep"), `${line("dep")}\n\n${entry("hello", "hello@1.0.0")}`),
      "it has hello@1.0.0, for which no package asks",
    ],
    [
      "a package without a hash",
      ({ text, line, entry }) => text.replace(line("dep"), entry("dep", "dep@1.0.0", { hash: "" })),
      "it has no hash of dep@1.0.0",
    ],
    [
      "an archive, behind a tab",
      ({ text, line, evil: { url, hashes } }) =>
        text.replace(
          line("dep"),
          `\t"dep": ["dep@${url}dep/-/dep-1.0.0.tgz", {}, "${hashes.get("dep@1.0.0")}"],`,
        ),
      "dependencies from outside the registry: dep (",
    ],
    [
      "an archive, on the line of another package",
      ({ text, line, evil: { url } }) =>
        text.replace(line("dep"), "")
          .replace(line("renamed"), `${line("renamed")} "dep": ["dep@${url}dep/-/dep-1.0.0.tgz", {}],`),
      "dependencies from outside the registry: dep (",
    ],
  ];
  for (const [what, text, why] of forgeries) {
    await t.step(what, () =>
      withStrangersLock(async ({ run, forge, asked }) => {
        forge(text);
        const { code, stderr } = await run("strange", "sync", "--locked");
        assertEquals(code, 1, stderr);
        assertStringIncludes(stderr, why);
        const says = await run("strange", "x", "say");
        assertEquals([says.code, says.stdout, asked], [1, "", []]);
      }));
  }
});

Deno.test("other settings of Bun's in a stranger's lock of dependencies have no effect", async () => {
  await withStrangersLock(async ({ run, forge, asked }) => {
    forge(({ text, evil: { url } }) =>
      text.replace('"packages": {', `"overrides": { "dep": "${url}dep/-/dep-1.0.0.tgz" },\n  "packages": {`)
    );
    const { code, stderr } = await run("strange", "sync", "--locked");
    assertEquals(code, 0, stderr);
    assertEquals([(await run("strange", "x", "say")).stdout, asked], [GOOD, []]);
  });
});

Deno.test("a lock of dependencies that cannot be Bun's is written anew, and --locked says so", async (t) => {
  const damages: [what: string, damage: (forger: Forger) => string][] = [
    [
      "a place outside the installation",
      ({ text, line, entry }) => text.replace(line("dep"), entry("../../dep", "dep@1.0.0")),
    ],
    ["half a file", ({ text }) => text.slice(0, text.length / 2)],
  ];
  for (const [what, damage] of damages) {
    await t.step(what, () =>
      withStrangersLock(async ({ run, forge }) => {
        forge(damage);
        const locked = await run("strange", "sync", "--locked");
        assertEquals(locked.code, 1);
        assertStringIncludes(locked.stderr, "would change");
        assertEquals((await run("strange", "sync")).code, 0);
        assertEquals((await run("strange", "x", "say")).stdout, GOOD);
      }));
  }
});
