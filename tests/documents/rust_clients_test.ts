/** Clients in Rust (serde, tokio), written from the documents alone, built with cargo where it works. */
import { assert, assertEquals } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { projectRoot } from "../../scripts/support/project.ts";
import { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { start } from "../e2e/dialect_sandbox.ts";
import { fakeTools } from "../e2e/fake_tools.ts";
import { documented } from "../e2e/support.ts";
import { until } from "../support/until.ts";
import { serving } from "./serving.ts";

const target = join(projectRoot, "dist", "rust-clients");
// rustup's cargo is on PATH in an account without a toolchain, too, and ends with an error there.
const ignore = spawnSync("cargo", ["--version"]).status !== 0;
console.log(ignore ? "The Rust clients did not run: no cargo on PATH works" : "The Rust clients run");

let built = false;

/** The program of this name. */
function program(name: string): string {
  if (!built) {
    const { status, stderr } = spawnSync("cargo", ["build", "--quiet"], {
      cwd: join(projectRoot, "tests", "documents", "clients", "rust"),
      env: { ...process.env, CARGO_TARGET_DIR: target },
      encoding: "utf8",
    });
    assertEquals(status, 0, stderr);
    built = true;
  }
  return join(target, "debug", name);
}

/** Runs a client. `line` gives what it prints next; `end` the rest, when it ends with 0. */
function run(
  name: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
) {
  const child = spawn(program(name), args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const code = new Promise((resolve) => child.on("close", resolve));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    assert(done !== true, stderr);
    return value;
  };
  const end = async () => {
    const rest: string[] = [];
    for await (const one of lines) rest.push(one);
    assertEquals(await code, 0, stderr);
    return rest;
  };
  return { line, end };
}

Deno.test({
  name:
    "vx: a Rust client resolves, lists, subscribes, hears what is installed and removed, and stops the daemon",
  ignore,
  async fn() {
    await using registry = await fakeTools();
    await using daemon = await DaemonSandbox.create(documented, { registry: registry.url });
    const path = join(daemon.sandbox.root, "run", "haft", "vx.sock");
    await start(daemon, `vx=${path}`);
    await daemon.run("install", "esbuild@1.0.0");
    const { line, end } = run("vx", [path, "esbuild", "1.0.0"]);
    assertEquals([await line(), await line(), await line(), await line(), await line(), await line()], [
      "Pong true",
      "Resolved 1.0.0 true",
      "Environment true",
      "Versions 1.0.0",
      "Error true",
      "Subscribed true",
    ]);
    await daemon.run("install", "esbuild@1.2.0");
    assertEquals(await line(), "RuntimeInstalled esbuild 1.2.0");
    await daemon.run("uninstall", "esbuild@1.2.0");
    assertEquals(await end(), ["RuntimeRemoved esbuild 1.2.0"]);
    await run("vx", [path, "esbuild", "1.0.0", "shutdown"]).end();
    await until(() => daemon.run("daemon", "status"), "the daemon has ended", {
      passes: ({ code }) => code !== 0,
    });
  },
});

Deno.test({
  name: "vx: a Rust parent hands over a config of four fields and reads its progress with serde",
  ignore,
  async fn() {
    await using registry = await fakeTools();
    await using daemon = await DaemonSandbox.create(documented, { registry: registry.url });
    const path = join(daemon.sandbox.root, "install.sock");
    const { sandbox } = daemon;
    const parent = (version: string) =>
      run("vx_install", [`${path}-${version}`, "esbuild", version, ...documented.argv], {
        cwd: sandbox.project,
        env: sandbox.environment(),
      });
    assertEquals(await parent("1.0.0").end(), [
      "Started esbuild 1.0.0",
      "Downloading esbuild true",
      "Extracting esbuild true",
      "Completed esbuild 1.0.0 true",
      "exit true",
    ]);
    assertEquals((await parent("9.9.9").end()).slice(-2), ["Failed esbuild true", "exit false"]);
  },
});

Deno.test({
  name: "codex-lines: a Rust client becomes ready, starts a task and follows it to its end",
  ignore,
  async fn() {
    const manifest = '[tasks.agent]\nrun = ["sh", "-c", "echo öne; echo two"]\n';
    const { daemon, path } = await serving("codex-lines", { manifest });
    await using _ = daemon;
    assertEquals(await run("packages_ipc", [path, "go"]).end(), [
      "Ack true",
      "TaskStarted true",
      "Message öne",
      "Message two",
      "TaskCompleted true",
    ]);
  },
});
