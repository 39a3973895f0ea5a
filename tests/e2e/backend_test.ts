import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

const COMMAND = JSON.stringify([
  process.execPath,
  "run",
  "-A",
  "--quiet",
  join(projectRoot, "tests", "support", "fake_backend.ts"),
]);

async function project(extra = ""): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(
    `[backends.agent]\ncommand = ${COMMAND}\nenv = { GREETING = "hello" }\n${extra}`,
  );
  await daemon.run("trust");
  await daemon.start();
  return daemon;
}

function caller(daemon: DaemonSandbox) {
  const cwd = daemon.sandbox.project;
  return async (method: string, data: unknown = {}, backend = "agent") =>
    (await daemon.call("backend.call", { backend, cwd, method, data }))["data"];
}

for (const mode of ["channel", "legacy"]) {
  Deno.test(`a backend in ${mode} mode is started by its first call, answers, fails, and keeps what it prints in its log`, async () => {
    await using daemon = await project(`mode = "${mode}"\n`);
    const call = caller(daemon);
    assertEquals(await call("echo", { a: [1, "ü"] }), { a: [1, "ü"] });
    assertEquals(await call("env", { name: "GREETING" }), { value: "hello" });
    assertEquals(await Promise.all([call("slow", { ms: 50 }), call("echo", { n: 1 })]), [{ waited: 50 }, {
      n: 1,
    }]);
    const cwd = daemon.sandbox.project;
    const failed = await daemon.run("ipc-send", "backend.call", "backend=agent", `cwd=${cwd}`, "method=fail");
    assertEquals(failed.code, 4);
    assertStringIncludes(failed.stderr, "as it was told to");
    const unknown = await daemon.run(
      "ipc-send",
      "backend.call",
      "backend=agent",
      `cwd=${cwd}`,
      "method=nothing",
    );
    assertMatch(
      unknown.stderr,
      /has no method "nothing" \(method_not_found\)\n {2}Its methods: .*\bfail\b/,
    );
    const { backends: [info] } = await daemon.call("backend.list", { cwd }) as {
      backends: { state: string; pid: number; log: string; handlers: string[] }[];
    };
    assertEquals([info?.state, info?.handlers.length], ["ready", 7]);
    const log = readFileSync(info?.log ?? "", "utf8");
    assertStringIncludes(log, "a line on stdout");
    assertStringIncludes(log, "a line on stderr");
    const { connections, channels } = await daemon.call("daemon.metrics") as {
      connections: { requests: number }[];
      channels: { name: string; kind: string; latency: { count: number } }[];
    };
    assertEquals([connections.length, channels.map(({ name, kind }) => [name, kind])], [
      1,
      [["agent", mode === "channel" ? "socket" : "stdio"]],
    ]);
    assertEquals((channels[0]?.latency.count ?? 0) >= 4, true);
    const stopped = await daemon.call("backend.stop", { backend: "agent", cwd });
    assertEquals([stopped["state"], stopped["pid"]], ["stopped", null]);
    await untilGone(info?.pid ?? 0);
  });
}

Deno.test("a backend that dies is started again, its caller is told, and subscribers see it", async () => {
  await using daemon = await project();
  const cwd = daemon.sandbox.project;
  const call = caller(daemon);
  await call("echo");
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `haft ipc-send --subscribe 'backend.*' --count 4 --for 20s > events &
     until haft ipc-send --no-spawn client.list | grep -q subscription_id; do sleep 0.02; done
     haft ipc-send backend.call backend=agent cwd=${cwd} method=die; echo "code $?"; wait
     cat events`,
  );
  const lines = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  assertEquals(lines.map(({ event }) => event), [
    "backend.crashed",
    "backend.restarting",
    "backend.started",
    "backend.ready",
  ]);
  assertMatch(stdout, /code 4/);
  assertEquals(lines[0].data.reason, "it ended with code 3");
  assertEquals(await call("echo", { again: true }), { again: true });
});

Deno.test("a backend that hangs is ended after its heartbeat's time, and one that never gets ready after that", async () => {
  await using daemon = await project(
    `heartbeat_timeout = "300ms"\n[backends.mute]\ncommand = ["sleep", "60"]\nready_timeout = "300ms"\n`,
  );
  const cwd = daemon.sandbox.project;
  const call = caller(daemon);
  await call("hang");
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `haft ipc-send --subscribe backend.crashed --since "$(haft ipc-send daemon.status | sed 's/.*"epoch":"\\([0-9a-f]*\\)".*/\\1/'):0" --count 1 --for 20s`,
  );
  assertStringIncludes(stdout, "gave no sign of life for 0.3 s");
  const mute = await daemon.run("ipc-send", "backend.start", "backend=mute", `cwd=${cwd}`);
  assertEquals(mute.code, 4);
  assertMatch(mute.stderr, /Backend "mute" is not ready: .*within/);
});

Deno.test("nothing of an untrusted manifest is run, and a name that is not declared is refused with the nearest", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(`[backends.agent]\ncommand = ${COMMAND}\n`);
  await daemon.start();
  const cwd = daemon.sandbox.project;
  const untrusted = await daemon.run("ipc-send", "backend.start", "backend=agent", `cwd=${cwd}`);
  assertEquals(untrusted.code, 4);
  assertStringIncludes(untrusted.stderr, "is not trusted, and its [backends] can run code");
  const unknown = await daemon.run("ipc-send", "backend.start", "backend=agnet", `cwd=${cwd}`);
  assertStringIncludes(unknown.stderr, 'Did you mean "agent"?');
  const missing = await daemon.sandbox.shell(
    binary,
    `printf '[backends.x]\\ncommand = ["no-such-program"]\\n' > haft.toml; haft trust; haft ipc-send backend.start backend=x cwd=$PWD`,
  );
  assertStringIncludes(missing.stderr, 'Cannot run "no-such-program": ENOENT');
});

Deno.test("the daemon's stop ends its backends, and leaves no process and no socket", async () => {
  await using daemon = await project();
  const cwd = daemon.sandbox.project;
  const { pid } = await daemon.call("backend.start", { backend: "agent", cwd }) as { pid: number };
  await daemon.run("daemon", "stop");
  await untilGone(pid);
  assertEquals(existsSync(daemon.socket), false);
  assertEquals(readdirSync(join(daemon.socket, "..")).filter((name) => name.endsWith(".sock")), []);
});
