import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, everyHaft, Sandbox } from "./support.ts";
import { fakeTools } from "./fake_tools.ts";

for (const haft of everyHaft) {
  Deno.test(`${haft.name}: sync, which, ls, exec, env, use and uninstall, one after the other`, async (t) => {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('# kept\n[tools]\nesbuild = "^1" # why\nbiome = "2.0.0"\n');
    const run = (...args: string[]) => sandbox.run(haft, { args });

    await t.step("sync installs both, writes the lock and leaves nothing behind", async () => {
      const { code, stderr } = await run("sync");
      assertEquals(code, 0, stderr);
      assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.2.0"]);
      assertEquals(sandbox.leftovers(), []);
      const lock = await Deno.readTextFile(join(sandbox.project, "haft.lock"));
      assertStringIncludes(lock, "@esbuild/linux-x64@1.2.0");
      assertStringIncludes(lock, "win32-x64");
      assert(!lock.includes(registry.url), "the lock file holds the registry's address");
    });

    await t.step("sync again has nothing to do and asks nobody", async () => {
      const asked = registry.requests.length;
      const { code, stderr } = await run("sync");
      assertEquals({ code, asked: registry.requests.length }, { code: 0, asked }, stderr);
    });

    await t.step("sync --check and --locked agree", async () => {
      assertEquals((await run("sync", "--check")).code, 0);
      assertEquals((await run("sync", "--locked")).code, 0);
    });

    await t.step("which prints the executable, --why the file that decided", async () => {
      const which = await run("which", "esbuild");
      assertEquals(which.stdout.trim(), join(sandbox.haftHome, "store/esbuild/1.2.0/bin/esbuild"));
      const why = await run("which", "--why", "esbuild");
      assertStringIncludes(why.stdout + why.stderr, "haft.toml");
    });

    await t.step("ls --json lists both", async () => {
      const { stdout } = await run("ls", "--json");
      assertStringIncludes(stdout, '"esbuild"');
      assertStringIncludes(stdout, '"1.2.0"');
      assertStringIncludes(stdout, '"biome"');
      JSON.parse(stdout);
    });

    await t.step("exec hands over arguments, output and exit code", async () => {
      const { code, stdout, stderr } = await run("exec", "esbuild", "--", "--exit=7", "two words");
      assertEquals({ code, stdout, stderr }, {
        code: 7,
        stdout: "esbuild 1.2.0: --exit=7|two words|\n",
        stderr: "",
      });
      assertEquals((await run("x", "biome", "--", "hello")).stdout, "biome 2.0.0: hello|\n");
    });

    await t.step("exec of a tool that the project does not ask for says how to add it", async () => {
      const { code, stderr } = await run("exec", "deno", "--", "--version");
      assert(code !== 0 && code !== null);
      assertStringIncludes(stderr, "haft use deno");
    });

    await t.step("env puts the tools on PATH", async () => {
      const { stdout } = await run("env", "--shell", "bash");
      assertStringIncludes(stdout, join(sandbox.haftHome, "store/esbuild/1.2.0/bin"));
      const shell = await sandbox.shell(haft, 'eval "$(haft env --shell bash)"; esbuild inside');
      assertEquals(shell.stdout, "esbuild 1.2.0: inside|\n");
    });

    await t.step("use changes the version and keeps the comments", async () => {
      const { code, stderr } = await run("use", "esbuild@1.0.0");
      assertEquals(code, 0, stderr);
      const text = await Deno.readTextFile(join(sandbox.project, "haft.toml"));
      assertMatch(text, /^# kept$/m);
      assertMatch(text, /^esbuild = "1\.0\.0" # why$/m);
      assertEquals((await run("sync")).code, 0);
      assertEquals((await run("exec", "esbuild", "--", "old")).stdout, "esbuild 1.0.0: old|\n");
    });

    await t.step("uninstall removes one version and no other", async () => {
      const { code, stderr } = await run("uninstall", "esbuild@1.2.0");
      assertEquals(code, 0, stderr);
      assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.0.0"]);
      assertEquals((await run("sync", "--check")).code, 0);
    });
  });

  Deno.test(`${haft.name}: one tool that does not exist fails the sync, and the other is installed`, async () => {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "9.9.9"\nbiome = "2.0.0"\n');
    const { code, stderr } = await sandbox.run(haft, { args: ["sync"] });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "9.9.9");
    assertStringIncludes(stderr, "1.2.0");
    assertEquals(sandbox.installed(), ["biome/2.0.0"]);
  });
}

Deno.test("the lock file is byte-identical whichever haft wrote it", async () => {
  await using registry = await fakeTools();
  const locks = await Promise.all(everyHaft.map(async (haft) => {
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1"\nbiome = "latest"\n');
    const { code, stderr } = await sandbox.run(haft, { args: ["sync"] });
    assertEquals(code, 0, stderr);
    return await Deno.readTextFile(join(sandbox.project, "haft.lock"));
  }));
  assertEquals(new Set(locks).size, 1);
});

Deno.test("sync --jobs 1 installs all tools in one child, which then is gone", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "^1"\nbiome = "2.0.0"\n');
  const { code, stdout, stderr } = await sandbox.run(binary, { args: ["sync", "--jobs", "1", "--json"] });
  assertEquals(code, 0, stderr);
  const events: { type: string; pid?: number }[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const pids = events.flatMap(({ type, pid }) => type === "tool.started" && pid !== undefined ? [pid] : []);
  assertEquals([pids.length, new Set(pids).size], [2, 1]);
  assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.2.0"]);
  assertEquals(sandbox.leftovers(), []);
});

Deno.test("sync --json is NDJSON from started to finished, and stdout holds nothing else", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1"\n');
  const { code, stdout } = await sandbox.run(binary, { args: ["sync", "--json"] });
  assertEquals(code, 0);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events[0].type, "sync.started");
  assertEquals(events.at(-1).type, "sync.finished");
  assert(events.some((event) => event.type === "tool.installed" && event.tool === "esbuild"));
});

Deno.test("sync --locked refuses to change the lock file", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1"\n');
  const { code, stderr } = await sandbox.run(binary, { args: ["sync", "--locked"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "--locked");
  assertEquals(sandbox.installed(), []);
});

Deno.test("sync --offline installs from what was downloaded, or says what is missing", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1"\n');
  const missing = await sandbox.run(binary, { args: ["sync", "--offline"] });
  assertEquals({ code: missing.code, asked: registry.requests.length }, { code: 1, asked: 0 });
  assertStringIncludes(missing.stderr, "offline");
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  assertEquals((await sandbox.run(binary, { args: ["sync", "--offline"] })).code, 0);
});

Deno.test("a version file of another tool decides, and which --why names it", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  writeFileSync(join(sandbox.project, ".tool-versions"), "esbuild 1.0.0\n");
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  assertEquals(sandbox.installed(), ["esbuild/1.0.0"]);
  const { stdout, stderr } = await sandbox.run(binary, { args: ["which", "--why", "esbuild"] });
  assertStringIncludes(stdout + stderr, ".tool-versions");
});
