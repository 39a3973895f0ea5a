/** What haft writes into a project stays there, and what it removes is not pulled away from what runs. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools, publishTool } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

Deno.test("use writes through a linked haft.toml that is the user's own, and leaves the link", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const dotfiles = join(sandbox.root, "dotfiles");
  mkdirSync(dotfiles);
  writeFileSync(join(dotfiles, "haft.toml"), "# mine\n[tools]\n");
  const link = join(sandbox.project, "haft.toml");
  symlinkSync(join(dotfiles, "haft.toml"), link);
  const { code, stderr } = await sandbox.run(binary, { args: ["use", "esbuild@1.0.0"] });
  assertEquals(code, 0, stderr);
  assertEquals(lstatSync(link).isSymbolicLink(), true);
  assertEquals(readFileSync(join(dotfiles, "haft.toml"), "utf8"), '# mine\n[tools]\nesbuild = "1.0.0"\n');
  assertEquals(readdirSync(dotfiles), ["haft.toml"]);
});

Deno.test("use writes through no link to another kind of file, and says where a link leads", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const run = () => sandbox.run(binary, { args: ["use", "esbuild@1.0.0"] });
  const target = join(sandbox.root, "config.toml");
  writeFileSync(target, "[settings]\njobs = 1\n");
  symlinkSync(target, join(sandbox.project, "haft.toml"));
  const refused = await run();
  assertEquals([refused.code, readFileSync(target, "utf8")], [1, "[settings]\njobs = 1\n"]);
  assertStringIncludes(refused.stderr, `is a link to "${target}", which is no haft.toml`);
});

Deno.test("sync writes no lock of dependencies through a link", async () => {
  await using registry = await LoopbackRegistry.start();
  await registry.addPackage({ name: "say", version: "1.0.0", bin: { say: "cli.js" } }, {
    "cli.js": { content: "#!/usr/bin/env node\n", mode: 0o755 },
  });
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\n"npm:say" = "1.0.0"\n');
  const outside = join(sandbox.root, "outside");
  mkdirSync(outside);
  symlinkSync(outside, join(sandbox.project, "haft.lock.d"));
  writeFileSync(join(outside, "lock"), "version = 1\n");
  symlinkSync(join(outside, "lock"), join(sandbox.project, "haft.lock"));
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, `"${join(sandbox.project, "haft.lock.d")}" is a link`);
  assertEquals(readdirSync(outside), ["lock"]);
  assertEquals(readFileSync(join(outside, "lock"), "utf8"), "version = 1\n");
});

Deno.test("uninstall tells which processes still run from there, and waits for --force", async () => {
  await using registry = await LoopbackRegistry.start();
  const script = "#!/bin/sh\necho up\nread line\n";
  await publishTool(registry, { tool: "esbuild", version: "1.0.0", script });
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const { sandbox } = daemon;
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  assertEquals((await daemon.run("sync")).code, 0);
  const child = spawn(binary.argv[0] ?? "", [...binary.argv.slice(1), "x", "esbuild", "serve"], {
    cwd: sandbox.project,
    env: sandbox.environment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const directory = join(sandbox.haftHome, "store", "esbuild", "1.0.0");
    const refused = await daemon.run("uninstall", "esbuild");
    assertEquals([refused.code, existsSync(directory)], [1, true]);
    assertMatch(refused.stderr, /esbuild 1\.0\.0 is in use by process \d+ \(.*esbuild serve\)/);
    assertStringIncludes(refused.stderr, `process ${child.pid} `);
    assertStringIncludes(refused.stderr, "haft uninstall esbuild@1.0.0 --force");
    const params = JSON.stringify({ tool: "esbuild", version: "1.0.0" });
    const remote = await daemon.run("ipc-send", "tool.uninstall", params);
    assertEquals([remote.code, existsSync(directory)], [4, true]);
    assertEquals((await daemon.run("uninstall", "esbuild", "--force")).code, 0);
    assertEquals(existsSync(directory), false);
  } finally {
    child.stdin.end();
    await ended;
  }
  assertEquals((await daemon.run("sync")).code, 0);
  assertEquals((await daemon.run("uninstall", "esbuild")).code, 0, "nothing runs any more");
});
