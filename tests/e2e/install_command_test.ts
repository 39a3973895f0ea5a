import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { INSTALL_PROGRESS_EVENT, type InstallConfig } from "../../src/protocol/install.ts";
import { listenForChild, nextChannelName } from "../../src/sync/install_channel.ts";
import type { IpcChannel } from "../../src/channel/mod.ts";
import { hostPlatform } from "../../src/tools/host_platform.ts";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { jobFor, type Sandbox, sandbox } from "../integration/sync/support.ts";
import { binary } from "./support.ts";

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the built `haft install`. */
function haft(args: readonly string[], { box, env = {} }: { box: Sandbox; env?: Record<string, string> }) {
  const [file = "", ...rest] = [...binary.argv, ...args];
  const child = spawn(file, rest, {
    cwd: box.root,
    env: { ...box.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => texts.stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => texts.stderr += text);
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (code: number | null) => resolve({ code, ...texts }))
  );
  return { child, ended };
}

/** A registry with one small executable, and the job of installing it. */
async function widget(box: Sandbox) {
  const registry = await LoopbackRegistry.start();
  const { integrity } = await registry.addPackage({ name: "widget", version: "1.2.3" }, {
    widget: { content: "#!/bin/sh\necho widget\n", mode: 0o755 },
    "data.txt": "x".repeat(50_000),
  });
  const job = (change: Partial<InstallConfig> = {}): InstallConfig => ({
    ...jobFor("widget"),
    platform: hostPlatform(),
    artifacts: [{
      artifact: { kind: "npm", package: "widget", version: "1.2.3", integrity },
      format: "tar.gz",
      strip: 1,
      into: "",
    }],
    integrity,
    project_dir: box.root,
    ...change,
  });
  const env = { npm_config_registry: registry.url, no_proxy: "127.0.0.1" };
  return { registry, job, env, [Symbol.asyncDispose]: () => registry.close() };
}

/** Plays the parent of a child that is told this job. */
async function asParent(
  data: unknown,
  { box, env, tool = "widget@1.2.3" }: { box: Sandbox; env: Record<string, string>; tool?: string },
) {
  const name = nextChannelName("widget", { env: box.env });
  const server = await listenForChild(name, { env: box.env });
  const { child, ended } = haft(["install", tool, "--ipc-channel", name], { box, env });
  const channel = await server.accept({ timeoutMs: 60_000 });
  await channel.sendJson(data);
  return { channel, child, ended, close: () => Promise.all([channel.close(), server.close()]) };
}

/** The states that the child reports, to its end. */
async function states(channel: IpcChannel): Promise<string[]> {
  const seen: string[] = [];
  for await (const message of channel) {
    assertEquals([message.type, message.event], ["event", INSTALL_PROGRESS_EVENT]);
    const { state } = message.data as { state: string };
    if (seen.at(-1) !== state) seen.push(state);
  }
  return seen;
}

function assertNothingInstalled(box: Sandbox) {
  const store = join(box.root, "home", "store");
  const staged = join(store, ".staging");
  assertEquals(existsSync(join(store, "widget", "1.2.3")), false);
  assertEquals(existsSync(staged) ? readdirSync(staged) : [], []);
}

Deno.test("install --ipc-channel takes its job from the channel, reports each phase and says nothing itself", async () => {
  await using box = await sandbox();
  await using world = await widget(box);
  const { channel, ended, close } = await asParent(world.job(), { box, env: world.env });
  const seen = await states(channel);
  assertEquals([seen[0], seen.at(-1)], ["started", "completed"]);
  assert(seen.includes("downloading"));
  assertEquals(await ended, { code: 0, stdout: "", stderr: "" });
  assert(existsSync(join(box.root, "home", "store", "widget", "1.2.3", "widget")));
  await close();
});

Deno.test("install --ipc-channel reports why it failed, and exits 1", async () => {
  await using box = await sandbox();
  await using world = await widget(box);
  world.registry.fault(/\.tgz$/, { kind: "wrong-bytes" });
  const { channel, ended, close } = await asParent(world.job(), { box, env: world.env });
  assertEquals((await states(channel)).at(-1), "failed");
  assertEquals((await ended).code, 1);
  assertNothingInstalled(box);
  await close();
});

Deno.test("install --ipc-channel whose parent goes away stops, leaves nothing and exits 3", async () => {
  await using box = await sandbox();
  await using world = await widget(box);
  world.registry.fault(/\.tgz$/, { kind: "drip", bytes: 100, everyMs: 50 });
  const { channel, ended, close } = await asParent(world.job(), { box, env: world.env });
  for await (const { data } of channel) {
    if ((data as { state: string }).state === "downloading") break;
  }
  await close();
  assertEquals((await ended).code, 3);
  assertNothingInstalled(box);
});

Deno.test("install --ipc-channel that is told to stop leaves nothing and exits 143", async () => {
  await using box = await sandbox();
  await using world = await widget(box);
  world.registry.fault(/\.tgz$/, { kind: "drip", bytes: 100, everyMs: 50 });
  const { channel, child, ended, close } = await asParent(world.job(), { box, env: world.env });
  for await (const { data } of channel) {
    if ((data as { state: string }).state === "downloading") break;
  }
  process.kill(child.pid ?? 0, "SIGTERM");
  assertEquals((await ended).code, 143);
  assertNothingInstalled(box);
  await close();
});

Deno.test("install --ipc-channel refuses a job for another tool, and one that is none", async () => {
  await using box = await sandbox();
  await using world = await widget(box);
  const rows: [unknown, RegExp][] = [
    [world.job({ tool_name: "gadget" }), /a job for "gadget@1\.2\.3" instead of "widget@1\.2\.3"/],
    [{ ...world.job(), surprise: 1 }, /a job that this haft does not understand: surprise/],
    [null, /a job that this haft does not understand/],
  ];
  for (const [data, says] of rows) {
    const { ended, close } = await asParent(data, { box, env: world.env });
    const { code, stderr } = await ended;
    assertEquals(code, 4);
    assertMatch(stderr, says);
    assertNothingInstalled(box);
    await close();
  }
});

Deno.test("install --ipc-channel with a name that nobody listens on says so and exits 3", async () => {
  await using box = await sandbox();
  const { code, stdout, stderr } = await haft(["install", "widget@1.2.3", "--ipc-channel", "nobody"], { box })
    .ended;
  assertEquals([code, stdout], [3, ""]);
  assertStringIncludes(stderr, 'Nobody listens on channel "nobody"');
  assertStringIncludes(stderr, 'run "haft install widget@1.2.3"');
});

Deno.test("install --ipc-channel ignores HAFT_TOOL_OPTIONS: the job has the options", async () => {
  await using box = await sandbox();
  await using world = await widget(box);
  const env = { ...world.env, HAFT_TOOL_OPTIONS: "{nonsense" };
  const { channel, ended, close } = await asParent(world.job(), { box, env });
  assertEquals((await states(channel)).at(-1), "completed");
  assertEquals(await ended, { code: 0, stdout: "", stderr: "" });
  await close();
});

Deno.test("install for a person reads HAFT_TOOL_OPTIONS with a warning, and refuses what is no JSON object", async () => {
  await using box = await sandbox();
  const rows: [string, RegExp][] = [
    ["{nonsense", /HAFT_TOOL_OPTIONS is not JSON/],
    ["[1]", /HAFT_TOOL_OPTIONS is not a JSON object/],
  ];
  for (const [text, says] of rows) {
    const { code, stderr } = await haft(["install", "esbuild"], { box, env: { HAFT_TOOL_OPTIONS: text } })
      .ended;
    assertEquals(code, 2);
    assertMatch(stderr, says);
    assertStringIncludes(stderr, "Warning: HAFT_TOOL_OPTIONS is deprecated");
  }
});

Deno.test("install for a person prints the paths alone where stdout is no terminal, two versions of a tool included", async () => {
  const { fakeTools } = await import("./fake_tools.ts");
  await using box = await sandbox();
  await using registry = await fakeTools();
  const { code, stdout, stderr } = await haft(["install", "esbuild@1.0.0", "esbuild@1.2.0", "biome"], {
    box,
    env: {
      npm_config_registry: registry.url,
      no_proxy: "127.0.0.1",
      HAFT_TOOL_OPTIONS: '{"colour": "blue"}',
    },
  }).ended;
  assertEquals(code, 0, stderr);
  const store = join(box.root, "home", "store");
  assertEquals(stdout.trimEnd().split("\n"), [
    join(store, "esbuild", "1.0.0"),
    join(store, "esbuild", "1.2.0"),
    join(store, "biome", "2.0.0"),
  ]);
  assertStringIncludes(stderr, "Warning: HAFT_TOOL_OPTIONS is deprecated");
});

Deno.test("install for a person takes a tool that is named while haft.toml cannot be read, and warns of that", async () => {
  const { fakeTools } = await import("./fake_tools.ts");
  await using box = await sandbox();
  await using registry = await fakeTools();
  writeFileSync(join(box.root, "haft.toml"), "[tasks]\n[tools\n");
  const env = { npm_config_registry: registry.url, no_proxy: "127.0.0.1" };
  const { code, stdout, stderr } = await haft(["install", "esbuild@1.0.0"], { box, env }).ended;
  assertEquals(code, 0, stderr);
  assertEquals(stdout.trimEnd(), join(box.root, "home", "store", "esbuild", "1.0.0"));
  assertMatch(stderr, /^Warning: Cannot read manifest: .*haft\.toml:2:/);
  assertEquals(existsSync(join(box.root, "haft.lock")), false);
});

Deno.test("install for a person goes on when one tool does not exist, and exits 1", async () => {
  const { fakeTools } = await import("./fake_tools.ts");
  await using box = await sandbox();
  await using registry = await fakeTools();
  const { code, stdout, stderr } = await haft(["install", "esbuidl", "esbuild@1.2.0"], {
    box,
    env: { npm_config_registry: registry.url, no_proxy: "127.0.0.1" },
  }).ended;
  assertEquals(code, 1);
  assertEquals(stdout.trim(), join(box.root, "home", "store", "esbuild", "1.2.0"));
  assertStringIncludes(stderr, 'Did you mean "esbuild"?');
});
