import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

const MANIFEST = `[tools]
esbuild = "1"
biome = "2"

[tasks.hello]
run = "true"
dir = "sub"
`;

const MARK = `
  const { readFileSync, statSync, writeFileSync } = require("node:fs");
  const path = process.argv.at(-1);
  const { key, events, files } = JSON.parse(readFileSync(path, "utf8"));
  for (const event of events) if (event.type === "tool.present") event.path = "/remembered";
  for (const file in files) {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    const look = stat === undefined ? "absent" : [stat.ino, stat.size, stat.ctimeNs].join(".");
    // A directory's is followed by the names that it lacked.
    files[file] = [look, ...files[file].split("\\0").slice(1)].join("\\0");
  }
  writeFileSync(path, JSON.stringify({ key, events, files }));
`;

Deno.test("haft sync tells again that there is nothing to do, until something has changed", async (t) => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const { haftHome, project } = sandbox;
  const run = (...args: string[]) => sandbox.run(binary, { args });
  const known = join(haftHome, "cache", "syncs");
  mkdirSync(join(project, "sub"));
  sandbox.manifest(MANIFEST);
  assertEquals((await run("sync")).code, 0);
  // Files that changed in the last two seconds are not remembered by their times.
  for (let tries = 0; entries(known).length === 0; tries++) {
    assert(tries < 60, "nothing is remembered");
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertEquals((await run("sync")).code, 0);
  }
  const entry = join(known, entries(known).find((name) => !name.endsWith(".plain.json")) ?? "");

  /** Makes the entry fit the files as they are, with a word in it that only the entry has. */
  async function mark(): Promise<void> {
    // What a plain sync prints is remembered anew from it.
    rmSync(entry.replace(/json$/, "plain.json"), { force: true });
    // By the runtime in the binary: Deno's times are rounded.
    const env = { BUN_BE_BUN: "1" };
    const { code, stderr } = await sandbox.run(binary, { args: ["-e", MARK, entry], env });
    assertEquals(code, 0, stderr);
  }
  const isTold = ({ stdout }: { stdout: string }) => stdout.includes("/remembered");

  await t.step("the answer is the remembered one, with every way to ask", async () => {
    await mark();
    for (const args of [[], ["--check"], ["--locked"], ["--offline"], ["--dry-run"], ["--json"]]) {
      const result = await run("sync", ...args);
      assertEquals({ args, code: result.code, told: isTold(result) }, { args, code: 0, told: true });
      assertEquals(result.stderr, "");
    }
    assertEquals(await run("sync", "--quiet"), { ...await run("sync", "--quiet"), code: 0, stdout: "" });
    assertStringIncludes((await run("sync", "--json", "--jobs", "3")).stdout, '"jobs":3');
  });

  await t.step("--force, MISE_ENV and another directory do not ask it", async () => {
    assert(!isTold(await sandbox.run(binary, { args: ["sync"], env: { MISE_ENV: "dev" } })));
    assert(!isTold(await sandbox.run(binary, { args: ["sync"], cwd: join(project, "sub") })));
    await mark();
    const forced = await run("sync", "--force");
    assert(!isTold(forced) && forced.code === 0, forced.stderr);
  });

  const changes: [what: string, change: () => void, fits: (stdout: string, stderr: string) => boolean][] = [
    [
      "an installation is gone",
      () => rmSync(join(haftHome, "store", "biome", "2.0.0"), { recursive: true }),
      (stdout) => stdout.includes("1 tool installed"),
    ],
    [
      "a receipt is damaged",
      () => writeFileSync(join(haftHome, "store", "esbuild", "1.2.0", ".haft", "receipt.json"), "{"),
      (stdout) => stdout.includes("1 tool installed"),
    ],
    [
      "the store is gone",
      () => rmSync(join(haftHome, "store"), { recursive: true }),
      (stdout) => stdout.includes("2 tools installed"),
    ],
    [
      "haft.lock is gone",
      () => rmSync(join(project, "haft.lock")),
      () => entries(project).includes("haft.lock"),
    ],
    [
      "a version file asks for another tool",
      () => writeFileSync(join(project, ".tool-versions"), "nodejs system\n"),
      (stdout) => stdout.includes("up to date"),
    ],
    [
      "the project is no longer among the known ones",
      () => rmSync(join(haftHome, "state", "projects"), { recursive: true }),
      () => entries(join(haftHome, "state", "projects")).length === 1,
    ],
    [
      "a task's directory is gone",
      () => rmSync(join(project, "sub"), { recursive: true }),
      (_, stderr) => stderr.includes("names no directory"),
    ],
    [
      "haft.toml asks for another version",
      () => sandbox.manifest('[tools]\nesbuild = "1.0.0"\n'),
      (stdout) => stdout.includes("1.0.0"),
    ],
  ];
  for (const [what, change, fits] of changes) {
    await t.step(what, async () => {
      await mark();
      assert(isTold(await run("sync")), "is not told before the change");
      change();
      const result = await run("sync");
      assert(!isTold(result) && fits(result.stdout, result.stderr), result.stdout + result.stderr);
    });
  }

  await t.step("shims that are gone come back without more", async () => {
    await mark();
    rmSync(join(haftHome, "shims"), { recursive: true });
    assert(isTold(await run("sync")));
    assert(entries(join(haftHome, "shims")).includes("esbuild"));
  });

  await t.step("a damaged entry is set aside", async () => {
    writeFileSync(entry, "no JSON");
    const result = await run("sync");
    assertEquals(result.code, 0, result.stderr);
    assert(!isTold(result));
  });
});

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
