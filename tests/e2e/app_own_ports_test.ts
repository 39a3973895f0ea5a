/** `port`: what each instance finds in PORT. */
import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, hasProgram } from "./support.ts";

async function ports(daemon: DaemonSandbox): Promise<Record<string, (number | null)[]>> {
  const apps: AppStatus[] = JSON.parse((await daemon.run("app", "status", "--json")).stdout);
  return Object.fromEntries(apps.map(({ name, instances }) => [name, instances.map(({ port }) => port)]));
}

async function pidOf(daemon: DaemonSandbox, app: string): Promise<number> {
  const [status]: AppStatus[] = JSON.parse((await daemon.run("app", "status", app, "--json")).stdout);
  return status?.instances[0]?.pid ?? -1;
}

/**
 * A range whose first port another program listens on, and the others are free: below those that the system
 * hands to any connection, which other tests have.
 */
async function rangeBehindAnother() {
  const server = createServer();
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const bound = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!bound) continue;
    return { port, [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())) };
  }
}

Deno.test("each instance of a range has a port of its own, which nobody listens on, also through reload and kill -9", async () => {
  await using taken = await rangeBehindAnother();
  const range = `${taken.port}-${taken.port + 60}`;
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(`[apps.web]
command = "echo $PORT >> ports; exec ${Deno.execPath()} run -A serve.ts"
port = "${range}"
instances = 2
health = { http = "http://127.0.0.1:$PORT/", interval = "100ms", retries = 600 }

[apps.api]
command = "sleep 60"
port = "${range}"
env = { URL = "http://localhost:$PORT" }

[apps.fixed]
command = "sleep 60"
port = 8080
instances = 2
`);
  const serve =
    'Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1" }, () => new Response());';
  writeFileSync(join(daemon.sandbox.project, "serve.ts"), serve);
  await daemon.run("trust");
  const up = await daemon.run("app", "up", "-d");
  assertEquals(up.code, 0, up.stderr);
  const before = await ports(daemon);
  const handed = [...before["web"] ?? [], ...before["api"] ?? []].map(Number);
  assertEquals([handed.length, new Set(handed).size, handed.includes(taken.port)], [3, 3, false]);
  assertEquals(handed.every((port) => port > taken.port && port <= taken.port + 60), true);
  assertEquals(before["fixed"], [8080, 8080]);
  assertStringIncludes((await daemon.run("app", "status", "web")).stdout, `port ${before["web"]?.[0]}`);

  const { pid } = JSON.parse((await daemon.run("daemon", "status", "--json")).stdout);
  process.kill(pid, "SIGKILL");
  assertEquals(await ports(daemon), before, "the next daemon knows them");

  const reload = await daemon.run("app", "reload", "web");
  assertEquals(reload.code, 0, reload.stderr);
  assertEquals(await ports(daemon), before, "after a reload");
  const used = Deno.readTextFileSync(join(daemon.sandbox.project, "ports")).trim().split("\n").map(Number);
  assertEquals(used.length, 5);
  assertEquals(handed.includes(used[2] ?? 0), false, "the one more of a reload has another port");

  const restart = await daemon.run("app", "restart", "web", "api");
  assertEquals(restart.code, 0, restart.stderr);
  assertEquals(await ports(daemon), before, "after a restart");
  const crashed = await pidOf(daemon, "web");
  process.kill(crashed, "SIGKILL");
  await until(() => pidOf(daemon, "web"), "web has another pid", {
    passes: (pid) => ![crashed, -1].includes(pid),
  });
  assertEquals(await ports(daemon), before, "after a crash");
});

Deno.test("a range that is used up is said, and a port that was an app's own is given on when it is the last", async () => {
  await using taken = await rangeBehindAnother();
  await using daemon = await DaemonSandbox.create(binary);
  const free = taken.port + 1;
  const app = (name: string) =>
    `[apps.${name}]\ncommand = "echo $PORT > ${name}; sleep 60"\nport = "${taken.port}-${free}"\n`;
  daemon.sandbox.manifest(app("a") + app("b"));
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "start", "a")).code, 0);
  const full = await daemon.run("app", "up", "-d", "b");
  assertEquals(full.code, 1);
  assertStringIncludes(full.stderr, `No port from ${taken.port} to ${free} is free`);
  await daemon.run("app", "stop", "a");
  assertEquals((await daemon.run("app", "start", "b")).code, 0);
  await until(() => existsSync(join(daemon.sandbox.project, "b")), "b writes its port");
  assertNotEquals((await ports(daemon))["b"], [null]);
});

/** Listens on PORT in its second thread, while the first has ended; closes half a second after SIGTERM. */
const WITHOUT_FIRST_THREAD = `import ctypes, os, platform, signal, socket, threading, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
def serve():
    server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
    signal.sigwait([signal.SIGTERM])
    time.sleep(0.5)
    os._exit(0)
threading.Thread(target=serve).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
`;

Deno.test({
  name:
    "a process whose first thread has ended is adopted, stopped and waited for: its port is its own still",
  ignore: process.platform !== "linux" || !hasProgram("python3"),
  async fn() {
    await using taken = await rangeBehindAnother();
    await using daemon = await DaemonSandbox.create(binary);
    writeFileSync(join(daemon.sandbox.project, "serve.py"), WITHOUT_FIRST_THREAD);
    daemon.sandbox.manifest(`[apps.web]
command = ["python3", "serve.py"]
port = "${taken.port}-${taken.port + 60}"
health = { tcp = "127.0.0.1:$PORT", interval = "100ms", retries = 600 }
`);
    await daemon.run("trust");
    assertEquals((await daemon.run("app", "up", "-d")).code, 0);
    const [before, pid] = [await ports(daemon), await pidOf(daemon, "web")];
    const { pid: killed } = JSON.parse((await daemon.run("daemon", "status", "--json")).stdout);
    process.kill(killed, "SIGKILL");
    assertEquals([await ports(daemon), await pidOf(daemon, "web")], [before, pid]);
    const restart = await daemon.run("app", "restart", "web");
    assertEquals(restart.code, 0, restart.stderr);
    assertEquals(await ports(daemon), before);
    assertNotEquals(await pidOf(daemon, "web"), pid);
  },
});
