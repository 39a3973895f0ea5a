import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, everyHaft } from "./support.ts";

/** The events that a shell line causes, as a subscriber who was there before it sees them. */
async function eventsOf(
  daemon: DaemonSandbox,
  { types, line, count }: { types: string; line: string; count: number },
): Promise<{ event: string; subject?: string; data: Record<string, unknown> }[]> {
  const { stdout, stderr } = await daemon.sandbox.shell(
    daemon.haft,
    `haft ipc-send --subscribe '${types}' --count ${count} --for 20s > events &
     until haft ipc-send --no-spawn client.list | grep -q subscription_id; do sleep 0.02; done
     ${line}
     wait; cat events`,
  );
  assertEquals(stderr.split("\n").filter((text) => text.startsWith("error")), []);
  return stdout.split("\n").filter((text) => text.startsWith("{")).map((text) => JSON.parse(text));
}

for (const haft of everyHaft) {
  Deno.test(`${haft.name}: tool.sync installs a project's tools; runtime.resolve says what runs, as exec does`, async () => {
    await using registry = await fakeTools();
    await using daemon = await DaemonSandbox.create(haft, { registry: registry.url });
    daemon.sandbox.manifest('[tools]\nesbuild = "1.0"\nbiome = "2"\n');
    await daemon.start();
    const cwd = daemon.sandbox.project;
    const synced = await daemon.call("tool.sync", { cwd });
    assertEquals([synced["ok"], synced["installed"], synced["failed"]], [true, 2, []]);
    const resolved = await daemon.call("runtime.resolve", { runtime: "esbuild", cwd });
    assertEquals([resolved["version"], resolved["args"], resolved["decided_by"]], [
      "1.0.0",
      [],
      join(cwd, "haft.toml"),
    ]);
    assertEquals(`${resolved["executable"]}\n`, (await daemon.run("which", "esbuild")).stdout);
    const list = await daemon.call("runtime.list", { cwd });
    assertEquals(
      (list["runtimes"] as { runtime: string; version: string; installed: boolean }[])
        .map(({ runtime, version, installed }) => [runtime, version, installed]),
      [["esbuild", "1.0.0", true], ["biome", "2.0.0", true]],
    );
    assertEquals((await daemon.call("daemon.ping"))["cached_runtimes"], 2);
  });
}

Deno.test("an answer is never older than the files: manifest, lock file, removed version, nested project", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const cwd = daemon.sandbox.project;
  await daemon.start();
  const version = async (directory = cwd) =>
    (await daemon.call("runtime.resolve", { runtime: "esbuild", cwd: directory }))["version"];
  daemon.sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  await daemon.call("tool.sync", { cwd });
  assertEquals(await version(), "1.0.0");
  daemon.sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
  const missing = await daemon.run("ipc-send", "runtime.resolve", "runtime=esbuild", `cwd=${cwd}`);
  assertEquals(missing.code, 4);
  assertStringIncludes(missing.stderr, "esbuild 1.2.0 is not installed");
  await daemon.call("tool.sync", { cwd });
  assertEquals(await version(), "1.2.0");
  const nested = join(cwd, "packages", "a b'c");
  mkdirSync(nested, { recursive: true });
  assertEquals(await version(nested), "1.2.0");
  writeFileSync(join(nested, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
  assertEquals(await version(nested), "1.0.0");
  rmSync(join(nested, "haft.toml"));
  assertEquals(await version(nested), "1.2.0");
  assertEquals(await daemon.call("tool.uninstall", { tool: "esbuild", version: "1.2.0" }), { removed: true });
  assertEquals((await daemon.run("ipc-send", "runtime.resolve", "runtime=esbuild", `cwd=${cwd}`)).code, 4);
  assertEquals(await daemon.call("runtime.versions", { runtime: "esbuild" }), { versions: ["1.0.0"] });
  assertEquals(await daemon.call("runtime.versions", { runtime: "esbuild", remote: true, cwd }), {
    versions: ["1.0.0", "1.2.0"],
  });
});

Deno.test("tool.install streams what happens to its caller and to subscribers, and ends with where the tool is", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  await daemon.start();
  const events = await eventsOf(daemon, {
    types: "install.sync_*,install.completed",
    count: 3,
    line: `haft ipc-send tool.install '{"tool": "biome", "version": "2.0.0"}' > answer`,
  });
  assertEquals(events.map(({ event, subject }) => [event, subject]), [
    ["install.sync_started", undefined],
    ["install.completed", "biome"],
    ["install.sync_finished", undefined],
  ]);
  const again = await daemon.call("tool.install", { tool: "biome", version: "2.0.0" });
  assertEquals([again["version"], again["already_installed"]], ["2.0.0", true]);
  const failed = await daemon.run("ipc-send", "tool.install", "tool=biome", "version=9.9.9");
  assertEquals(failed.code, 4);
  assertStringIncludes(failed.stderr, "9.9.9");
});

Deno.test("subscribers hear of what another process installs or removes, and of manifests that change", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  daemon.sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  await daemon.start();
  const events = await eventsOf(daemon, {
    types: "runtime.*",
    count: 2,
    line: "sleep 0.3; haft sync -q; sleep 0.3; haft uninstall -a esbuild",
  });
  assertEquals(events.map(({ event, subject, data }) => [event, subject, data["version"]]), [
    ["runtime.installed", "esbuild", "1.0.0"],
    ["runtime.removed", "esbuild", "1.0.0"],
  ]);
  await daemon.call("runtime.list", { cwd: daemon.sandbox.project });
  const changed = await eventsOf(daemon, {
    types: "config.changed",
    count: 2,
    line: "echo >> haft.toml; sleep 0.3; echo 22 > .nvmrc",
  });
  assertEquals(changed.map(({ data }) => data["path"]), [
    join(daemon.sandbox.project, "haft.toml"),
    join(daemon.sandbox.project, ".nvmrc"),
  ]);
});

Deno.test("a caller whose haft keeps its tools elsewhere is refused", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { code, stderr } = await daemon.run(
    "ipc-send",
    "runtime.resolve",
    JSON.stringify({
      runtime: "node",
      caller: { version: "0.1.0", store: "/elsewhere", config: "/elsewhere" },
    }),
  );
  assertEquals(code, 4);
  assertStringIncludes(stderr, "not_found");
});

Deno.test("SIGHUP reads the user's settings again; wrong ones change nothing and are said in the log", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  mkdirSync(join(daemon.sandbox.haftHome, "config"), { recursive: true });
  const { stdout, stderr } = await daemon.sandbox.shell(
    binary,
    `haft ipc-send --subscribe daemon.reloaded --count 2 > events &
     until haft ipc-send client.list | grep -q subscription_id; do sleep 0.02; done
     printf '[daemon]\\nconnections = 1\\n' > "$HAFT_HOME/config/config.toml"; kill -HUP ${pid}
     until haft daemon logs | grep -q 'read again'; do sleep 0.02; done
     haft ipc-send daemon.ping; echo "code $?"
     rm "$HAFT_HOME/config/config.toml"; kill -HUP ${pid}; wait; cat events`,
  );
  assertMatch(stdout, /^code 4\n\{"type":"event".*"daemon.reloaded"/);
  assertStringIncludes(stderr, "More than 1 connections");
  writeFileSync(join(daemon.sandbox.haftHome, "config", "config.toml"), "[daemon]\nconnections = 'three'\n");
  const log = await daemon.sandbox.shell(
    binary,
    `kill -HUP ${pid}; until haft daemon logs | grep "stay as they were"; do sleep 0.05; done`,
  );
  assertStringIncludes(log.stdout, 'key "daemon.connections" must be');
  assert(log.code === 0);
  // Wrong settings keep nobody from a daemon that runs.
  assertEquals((await daemon.run("daemon", "stop")).code, 0);
});

Deno.test("haft exec asks the daemon when there is one, gets what it would find itself, and does without one that hangs", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const pid = await daemon.start();
  const exec = async (cwd = daemon.sandbox.project) =>
    (await daemon.sandbox.run(binary, { args: ["exec", "esbuild", "--", "x"], cwd })).stdout;
  daemon.sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  await daemon.run("sync", "-q");
  assertEquals(await exec(), "esbuild 1.0.0: x|\n");
  assertEquals((await daemon.call("daemon.ping"))["cached_runtimes"], 1);
  daemon.sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
  assertEquals(await exec(), "");
  await daemon.run("sync", "-q");
  assertEquals(await exec(), "esbuild 1.2.0: x|\n");
  process.kill(pid, "SIGSTOP");
  try {
    rmSync(join(daemon.sandbox.haftHome, "cache", "exec"), { recursive: true, force: true });
    assertEquals(await exec(), "esbuild 1.2.0: x|\n");
  } finally {
    process.kill(pid, "SIGCONT");
  }
});
