import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

async function started(manifest: string, files: Record<string, string> = {}): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(daemon.sandbox.project, name), text);
  await daemon.run("trust");
  return daemon;
}

async function status(daemon: DaemonSandbox, ...names: string[]): Promise<AppStatus[]> {
  return JSON.parse((await daemon.run("app", "status", "--json", ...names)).stdout);
}

async function pids(daemon: DaemonSandbox, app: string): Promise<(number | null)[]> {
  return (await status(daemon, app)).flatMap(({ instances }) => instances.map(({ pid }) => pid));
}

async function logged(daemon: DaemonSandbox, app: string, text: string): Promise<string> {
  return await until(async () => (await daemon.run("app", "logs", app)).stdout, `${app} writes ${text}`, {
    passes: (log) => log.includes(text),
  });
}

Deno.test('instances = "max" is one for each processor', async () => {
  await using daemon = await started('[apps.web]\ncommand = ["sleep", "60"]\ninstances = "max"\n');
  assertEquals((await daemon.run("app", "start")).code, 0);
  assertEquals((await pids(daemon, "web")).length, availableParallelism());
});

Deno.test("app scale adds and takes away instances, leaves the others alone, and lasts until a stop", async () => {
  await using daemon = await started('[apps.web]\ncommand = ["sleep", "60"]\n');
  assertEquals((await daemon.run("app", "start")).code, 0);
  const [first] = await pids(daemon, "web");
  const scaled = await daemon.run("app", "scale", "web=3");
  assertEquals(scaled.code, 0, scaled.stderr);
  const three = await pids(daemon, "web");
  assertEquals([three.length, three[0]], [3, first]);
  assertEquals((await daemon.run("app", "restart", "web")).code, 0);
  assertEquals((await pids(daemon, "web")).length, 3);
  assertEquals((await daemon.run("app", "scale", "web=2")).code, 0);
  assertEquals((await pids(daemon, "web")).length, 2);
  await daemon.run("app", "stop", "web");
  assertEquals((await daemon.run("app", "start", "web")).code, 0);
  assertEquals((await pids(daemon, "web")).length, 1);
  assertEquals((await daemon.run("app", "scale", "web=max")).code, 0);
  assertEquals((await pids(daemon, "web")).length, availableParallelism());
  for (const wrong of ["web", "web=0", "web=x", "web=257"]) {
    assertEquals((await daemon.run("app", "scale", wrong)).code, 2, wrong);
  }
  const unknown = await daemon.run("app", "scale", "wbe=2");
  assertEquals(unknown.code, 4);
  assertStringIncludes(unknown.stderr, 'Did you mean "web"');
});

Deno.test("restart, stop, start, status and logs take one instance by the name that status prints", async () => {
  await using daemon = await started(
    '[apps.web]\ncommand = "echo from $HAFT_APP_INSTANCE; exec sleep 60"\ninstances = 2\n',
  );
  assertEquals((await daemon.run("app", "start")).code, 0);
  const [zero, one] = await pids(daemon, "web");
  assertEquals((await daemon.run("app", "restart", "web:1")).code, 0);
  const after = await pids(daemon, "web");
  assertEquals(after[0], zero);
  assert(after[1] !== one);
  assertEquals((await daemon.run("app", "stop", "web:0")).code, 0);
  const stopped = (await status(daemon, "web"))[0];
  assertEquals([stopped?.desired, ...stopped?.instances.map(({ state }) => state) ?? []], [
    "running",
    "stopped",
    "running",
  ]);
  assertEquals((await daemon.run("app", "start", "web:0")).code, 0);
  assertEquals(await pids(daemon, "web:1"), [after[1] ?? null]);
  const lines = await logged(daemon, "web:1", "from 1");
  assert(!lines.includes("from 0"), lines);
  for (const [command, code] of [["restart", 1], ["logs", 4]] as const) {
    const missing = await daemon.run("app", command, "web:7");
    assertEquals(missing.code, code);
    assertMatch(missing.stderr, /App "web" has no instance 7\n {2}There are web:0, web:1\n$/);
  }
});

Deno.test("app reload keeps an instance ready all the time, and keeps the old when the new does not come up", async () => {
  const probe = createServer().listen(0);
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  const server = `import http.server, os, socket
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["VERSION"].encode())
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()
Server(("127.0.0.1", ${port}), Answer).serve_forever()
`;
  const manifest = (version: string) =>
    `[apps.web]\ncommand = ["python3", "server.py"]\nenv = { VERSION = "${version}" }\n` +
    `health = { http = "http://127.0.0.1:${port}/", interval = "100ms", start_period = "60s" }\n`;
  await using daemon = await started(manifest("one"), { "server.py": server });
  const up = await daemon.run("app", "up", "-d");
  assertEquals(up.code, 0, up.stderr);
  daemon.sandbox.manifest(manifest("two"));
  await daemon.run("trust");
  let asking = true;
  const answers: string[] = [];
  const failures: string[] = [];
  const clients = (async () => {
    while (asking) {
      try {
        answers.push(await (await fetch(`http://127.0.0.1:${port}/`)).text());
      } catch (error) {
        failures.push(String(error));
      }
    }
  })();
  const reloaded = await daemon.run("app", "reload", "web");
  asking = false;
  await clients;
  assertEquals(reloaded.code, 0, reloaded.stderr);
  assertEquals((await pids(daemon, "web")).length, 1);
  assertEquals(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "two");
  // A request on a connection that the old instance accepted may be cut off; none is refused.
  assertEquals(failures.filter((text) => text.includes("refused")), []);
  const [pid] = await pids(daemon, "web");
  daemon.sandbox.manifest('[apps.web]\ncommand = ["false"]\n');
  await daemon.run("trust");
  const broken = await daemon.run("app", "reload", "web");
  assertEquals(broken.code, 1);
  assertEquals(await pids(daemon, "web"), [pid ?? null]);
});

Deno.test("apps of a profile start with it, by name, or for those that depend on them", async () => {
  await using daemon = await started(
    '[apps.web]\ncommand = "sleep 60"\n[apps.debug]\ncommand = "sleep 60"\nprofiles = ["dev", "test"]\n',
  );
  const running = async () =>
    (await status(daemon)).filter(({ desired }) => desired === "running").map(({ name }) => name);
  assertEquals((await daemon.run("app", "up", "-d")).code, 0);
  assertEquals(await running(), ["web"]);
  assertEquals((await daemon.run("app", "up", "-d", "--profile", "dev,test")).code, 0);
  assertEquals(await running(), ["web", "debug"]);
  await daemon.run("app", "down");
  assertEquals((await daemon.run("app", "start", "debug")).code, 0);
  assertEquals(await running(), ["debug"]);
});

Deno.test(".env fills in what is not set, env_file stands over it, and env is expanded", async () => {
  await using daemon = await started(
    '[env]\nFROM_PROJECT = "project"\n' +
      '[apps.a]\ncommand = "echo $FROM_DOTENV $FROM_PROJECT $URL $PRICE end; exec sleep 60"\n' +
      'env = { URL = "http://${HOST_NAME:-localhost}:300$HAFT_APP_INSTANCE", PRICE = "5$$" }\n' +
      '[apps.none]\ncommand = "echo [$FROM_DOTENV] end; exec sleep 60"\nenv_file = []\n' +
      '[apps.named]\ncommand = "echo [$FROM_DOTENV] end; exec sleep 60"\nenv_file = "named.env"\n',
    {
      ".env": 'FROM_DOTENV="from dotenv"\nFROM_PROJECT=dotenv\n',
      "named.env": "FROM_DOTENV=named\n",
    },
  );
  const { code, stderr } = await daemon.run("app", "start");
  assertEquals(code, 0, stderr);
  assertStringIncludes(await logged(daemon, "a", "end"), "from dotenv project http://localhost:3000 5$ end");
  assertStringIncludes(await logged(daemon, "none", "end"), "[] end");
  assertStringIncludes(await logged(daemon, "named", "end"), "[named] end");
});

Deno.test("a .env that can run code is asked about, and an ad-hoc app does not read it", async () => {
  await using daemon = await started('[apps.a]\ncommand = "sleep 60"\n');
  writeFileSync(join(daemon.sandbox.project, ".env"), "LD_PRELOAD=/evil.so\nSEEN=yes\n");
  const refused = await daemon.run("app", "start", "a");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "trust");
  const adhoc = await daemon.run("app", "start", "mine", "--", "sh", "-c", "echo [$SEEN] end; exec sleep 60");
  assertEquals(adhoc.code, 0, adhoc.stderr);
  assertStringIncludes(await logged(daemon, "mine", "end"), "[] end");
});

Deno.test("liveness restarts an app that health only reports, and successes are counted", async () => {
  await using daemon = await started(
    '[apps.a]\ncommand = "touch alive; exec sleep 60"\n' +
      'health = { exec = "test -e ready", interval = "50ms", retries = 1, successes = 2 }\n' +
      'liveness = { exec = "test -e alive", interval = "50ms", retries = 1 }\n',
    { ready: "" },
  );
  assertEquals((await daemon.run("app", "up", "-d")).code, 0);
  const first = (await status(daemon))[0]?.instances[0];
  assertEquals(first?.state, "healthy");
  await Deno.remove(join(daemon.sandbox.project, "alive"));
  for (;;) {
    const instance = (await status(daemon))[0]?.instances[0];
    // A check may come before the new process has touched its file.
    if (instance !== undefined && instance.restarts > 0 && instance.state === "healthy") {
      assertStringIncludes(instance.restart_reason ?? "", "not alive: ");
      break;
    }
    await delay(50);
  }
});

Deno.test("app logs names instances as status does, marks stderr, shows times on request, and is plain in a pipe", async () => {
  await using daemon = await started(
    "[apps.web]\ncommand = \"echo out; echo err >&2; printf '\\\\033[31mred\\\\033[0m\\\\n'; exec sleep 60\"\n" +
      'instances = 2\n[apps.one]\ncommand = "echo alone; exec sleep 60"\n',
  );
  assertEquals((await daemon.run("app", "start")).code, 0);
  for (const instance of ["web:0", "web:1"]) {
    await logged(daemon, instance, `${instance} | out`);
    await logged(daemon, instance, `${instance} ! err`);
    await logged(daemon, instance, `${instance} | red`);
  }
  await logged(daemon, "one", "one | alone");
  const { stdout } = await daemon.run("app", "logs", "one", "--timestamps");
  const [, time = ""] = /^(\S+) one \| alone\n$/.exec(stdout) ?? [];
  assert(Math.abs(Date.parse(time) - Date.now()) < 600_000, stdout);
});
