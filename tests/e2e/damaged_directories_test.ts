/** What lies in the place of haft's own directories is set aside, and work goes on. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

const places = ["store", "store/esbuild", "shims", "locks", "cache", "cache/exec", "cache/downloads"];

for (
  const [what, put] of [
    ["a file", (path: string) => writeFileSync(path, "x")],
    ["a FIFO", (path: string) => void spawnSync("mkfifo", [path])],
  ] as const
) {
  Deno.test({
    name: `${what} in the place of a directory of haft's: sync and exec go on, and it is kept`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using registry = await fakeTools();
      for (const place of places) {
        await using sandbox = await Sandbox.create({ registry: registry.url });
        sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
        const path = join(sandbox.haftHome, place);
        mkdirSync(dirname(path), { recursive: true });
        put(path);
        const sync = await sandbox.run(binary, { args: ["sync"] });
        assertEquals(sync.code, 0, `${place}: ${sync.stderr}`);
        // A child installer sets aside what lies in the place of its tool's directory.
        if (place !== "store/esbuild") assertMatch(sync.stderr, /was damaged; it is kept as/, place);
        assertEquals((await sandbox.run(binary, { args: ["x", "esbuild"] })).stdout, "esbuild 1.0.0: |\n");
        const kept = readdirSync(dirname(path)).filter((name) =>
          name.startsWith(`${basename(path)}.damaged-`)
        );
        assertEquals(kept.length, 1, place);
      }
    },
  });
}

Deno.test("a file in the place of the state's directories: tasks and apps go on", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest('[tasks]\nt = "echo fine"\n');
  const state = join(daemon.sandbox.haftHome, "state");
  for (const place of [state, join(state, "tasks"), join(state, "apps")]) {
    await daemon.run("daemon", "stop");
    mkdirSync(dirname(place), { recursive: true });
    spawnSync("rm", ["-rf", place]);
    writeFileSync(place, "x");
    assertEquals((await daemon.run("trust")).code, 0);
    assertEquals((await daemon.run("run", "t")).stdout, "fine\n");
    const status = await daemon.run("app", "status", "--json");
    assertEquals(status.code, 0, status.stderr);
  }
});

Deno.test("a file in the place of the user's own directory of settings is theirs: the error names it", async () => {
  await using sandbox = await Sandbox.create({ registry: "" });
  sandbox.manifest("[tools]\n");
  mkdirSync(sandbox.haftHome);
  writeFileSync(join(sandbox.haftHome, "config"), "x");
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, `Move ${JSON.stringify(join(sandbox.haftHome, "config"))} elsewhere`);
});

Deno.test("what haft remembers in a directory that others may write to is forgotten, and theirs no longer", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[tasks.hello]\nrun = "echo hello"\n');
  const directory = join(sandbox.haftHome, "cache", "tasks");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "old.json"), "{}");
  chmodSync(directory, 0o775);
  const first = await sandbox.run(binary, { args: ["tasks"] });
  assertEquals(first.code, 0);
  assertStringIncludes(first.stderr, `haft: ${JSON.stringify(directory)} was open to other users`);
  assertEquals([statSync(directory).mode & 0o777, existsSync(join(directory, "old.json"))], [0o700, false]);
  assertEquals((await sandbox.run(binary, { args: ["tasks"] })).stderr, "");
});
