import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { publishTool } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

/** Says the words of what it needs, through a chain of two packages, and its own version. */
const SPEAKER = {
  content: '#!/usr/bin/env node\nconsole.log(require("words").said, ...process.argv.slice(2));\n',
  mode: 0o755,
};
const BUNDLE = {
  "bin/speak.js": SPEAKER,
  "node_modules/words/package.json":
    '{"name":"words","version":"1.0.0","main":"i.js","dependencies":{"letters":"1"}}',
  "node_modules/words/i.js": 'exports.said = require("letters") + ", bundled";\n',
};
const LETTERS = {
  "node_modules/letters/package.json": '{"name":"letters","version":"1.0.0"}',
  "node_modules/letters/index.js": 'module.exports = "abc";\n',
};

async function speak(sandbox: Sandbox, registry: LoopbackRegistry) {
  const sync = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(sync.code, 0, sync.stderr);
  const { stdout, stderr } = await sandbox.run(binary, { args: ["exec", "speak", "a b"] });
  return { said: stdout + stderr, fetched: registry.count(/^\/(?:words|letters)/) };
}

Deno.test("sync unpacks a package that brings all its dependencies along, without asking for any of them", async (t) => {
  await using registry = await LoopbackRegistry.start();
  const manifest = { version: "1.0.0", bin: { speak: "bin/speak.js" }, dependencies: { words: "^1.0.0" } };
  const whole = { ...BUNDLE, ...LETTERS };
  const add = (name: string, more: object, files: Parameters<typeof registry.addPackage>[1]) =>
    registry.addPackage({ name, ...manifest, ...more }, files);
  await add("listed", { bundleDependencies: ["words"] }, whole);
  await add("@acme/all", { bundledDependencies: true }, whole);
  await add("liar", { bundleDependencies: ["words"] }, { "bin/speak.js": SPEAKER });

  for (const name of ["listed", "@acme/all"]) {
    await t.step(name, async () => {
      await using sandbox = await Sandbox.create({ registry: registry.url });
      sandbox.manifest(`[tools]\n"npm:${name}" = "1"\n`);
      assertEquals(await speak(sandbox, registry), { said: "abc, bundled a b\n", fetched: 0 });
      const path = await sandbox.run(binary, { args: ["exec", "--", "sh", "-c", "speak by name"] });
      assertEquals(path.stdout, "abc, bundled by name\n");
      const again = await sandbox.run(binary, { args: ["sync", "--locked", "--offline"] });
      assertEquals(again.code, 0, again.stderr);
    });
  }

  await t.step("options leave files out of it, and its package.json may be one of them", async () => {
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest(
      '[tools]\n"npm:listed" = { version = "1", options = { exclude_patterns = ["/node_modules/listed/package.json"] } }\n',
    );
    assertEquals((await speak(sandbox, registry)).said, "abc, bundled a b\n");
    const installed = join(sandbox.haftHome, "store", sandbox.installed()[0] ?? "", "node_modules", "listed");
    assert(!existsSync(join(installed, "package.json")) && existsSync(join(installed, "bin")));
  });

  await t.step("a tarball that lacks what it claims to bring is refused by name", async () => {
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\n"npm:liar" = "1"\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
    assertEquals([code, sandbox.installed(), sandbox.leftovers()], [1, [], []]);
    assertStringIncludes(stderr, '"npm:liar" 1.0.0 lacks "words", which its archive claims to bring along');
  });
});

const node = (version: string) =>
  `#!/bin/sh\nscript=$1; shift\necho "node ${version} ran \${script##*/} $*"\n`;

async function nodeRegistry(): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  await publishTool(registry, { tool: "node", version: "24.1.0", script: node("24.1.0"), padding: 10 });
  const script = { content: "#!/usr/bin/env node\n", mode: 0o755 };
  for (const version of ["10.9.0", "11.2.0", "12.0.0"]) {
    await registry.addPackage({
      name: "npm",
      version,
      bin: { npm: "bin/npm-cli.js", npx: "bin/npx-cli.js" },
      dependencies: { own: "1" },
      bundleDependencies: ["own"],
    }, {
      "bin/npm-cli.js": script,
      "bin/npx-cli.js": script,
      "node_modules/own/package.json": '{"name":"own","version":"1.0.0"}',
    });
  }
  await registry.addPackage({ name: "corepack", version: "0.34.0", bin: { corepack: "dist/corepack.js" } }, {
    "dist/corepack.js": script,
  });
  for (const [name, version] of [["yarn", "1.22.22"], ["@yarnpkg/cli-dist", "4.1.0"]] as const) {
    await registry.addPackage({ name, version, bin: { yarn: "bin/yarn.js" } }, {
      "bin/yarn.js": { content: `#!/bin/sh\necho yarn ${version}\n`, mode: 0o755 },
    });
  }
  return registry;
}

Deno.test("node from the npm registry comes with the npm, npx and corepack of its release line", async (t) => {
  await using registry = await nodeRegistry();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const haft = (...args: string[]) => sandbox.run(binary, { args });
  const pinned = '[tools]\nnode = { version = "24", source = "npm" }\n';
  sandbox.manifest(pinned);
  assertEquals((await haft("sync")).code, 0);
  const lock = join(sandbox.project, "haft.lock");
  const text = readFileSync(lock, "utf8");
  assertStringIncludes(text, '"npm@11.2.0"');

  await t.step("all run by that node, also for a child that finds them on PATH", async () => {
    for (const name of ["npm", "npx", "corepack"]) {
      assertEquals((await haft("exec", name, "-v")).stdout, `node 24.1.0 ran ${name} -v\n`);
    }
    assertStringIncludes((await haft("exec", "--", "sh", "-c", "npx -v")).stdout, "node 24.1.0 ran npx");
  });

  await t.step(
    "a lock of before, without them, still installs node alone, and says where npm is",
    async () => {
      writeFileSync(lock, text.replaceAll(/ *\{ npm = "(?:npm|corepack)@[^}]*\},?\n/g, ""));
      const sync = await haft("sync", "--locked");
      assertEquals(sync.code, 0, sync.stderr);
      const { stderr } = await haft("exec", "npm", "-v");
      assertStringIncludes(stderr, "haft use npm");
      writeFileSync(lock, text);
    },
  );

  await t.step("a component that is not asked for stays away", async () => {
    sandbox.manifest(
      pinned.replace('source = "npm"', 'source = "npm", options = { components = ["corepack"] }'),
    );
    assertEquals((await haft("sync")).code, 0);
    const { stderr } = await haft("exec", "npx", "-v");
    assertStringIncludes(stderr, 'has no executable "npx"');
    assertEquals((await haft("exec", "corepack", "-v")).code, 0);
  });

  await t.step("npx at a version is npm's, beside the node of the project", async () => {
    assertStringIncludes((await haft("x", "npx@10", "--", "-v")).stdout, "node 24.1.0 ran npx-cli.js");
  });
});

Deno.test("yarn is 1 from its package and 2 or later from the other, by a version, a range and packageManager", async () => {
  await using registry = await nodeRegistry();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const x = async (...args: string[]) => (await sandbox.run(binary, { args: ["x", ...args] })).stdout.trim();
  assertEquals(await x("yarn@1"), "yarn 1.22.22");
  assertEquals(await x("yarn@>=2"), "yarn 4.1.0");
  assertEquals(await x("yarn@latest"), "yarn 4.1.0");
  writeFileSync(join(sandbox.project, "package.json"), '{"packageManager": "yarn@1.22.22"}');
  const sync = await sandbox.run(binary, { args: ["sync"] });
  assertEquals([sync.code, await x("yarn")], [0, "yarn 1.22.22"], sync.stderr);
  const { stdout } = await sandbox.run(binary, { args: ["ls-remote", "yarn"] });
  assertEquals(stdout.trim().split("\n").map((line) => line.trim().split(/\s/)[0]), ["1.22.22", "4.1.0"]);
});

Deno.test("a version asked for by hand that the project's lock file answers is installed and run", async () => {
  await using registry = await nodeRegistry();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nyarn = "4"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  rmSync(join(sandbox.haftHome, "store"), { recursive: true });
  const { stdout, stderr } = await sandbox.run(binary, { args: ["x", "yarn@4"] });
  assertEquals(stdout, "yarn 4.1.0\n", stderr);
});
