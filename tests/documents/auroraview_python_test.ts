/** AuroraView's RFC 0011 for Python: programs written from the document, under Python 3.7 if there is one. */
import { assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { documented } from "../e2e/support.ts";
import { start } from "../e2e/dialect_sandbox.ts";

const clients = join(projectRoot, "tests", "documents", "clients");
const python = oldestPython();

/** The document promises Python 3.7 and newer. */
function oldestPython(): string {
  const root = join(process.env["PYENV_ROOT"] ?? join(process.env["HOME"] ?? "", ".pyenv"), "versions");
  const installed = existsSync(root) ? readdirSync(root).filter((name) => /^3\.7\./.test(name)) : [];
  return installed[0] === undefined ? "python3" : join(root, installed[0], "bin", "python3");
}

function run(program: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(python, ["-W", "ignore", join(clients, program), ...args], {
    env: {
      ...process.env,
      PYTHONPATH: join(projectRoot, "clients", "python", "src"),
      PYTHONDONTWRITEBYTECODE: "1",
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  );
  return { child, ended };
}

Deno.test("auroraview: the Python classes are those of the document, from Python 3.7 on", async () => {
  const directory = await Deno.makeTempDir({ prefix: "haft-rfc-" });
  try {
    const { code, stderr } = await run("auroraview_promises.py", [], {
      XDG_RUNTIME_DIR: directory,
      HAFT_IPC_CHANNEL: "",
      AURORAVIEW_IPC_CHANNEL: "",
    }).ended;
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /^Ran 8 tests/m);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

Deno.test("auroraview: a packed Python backend says ready, answers requests and prints freely", async () => {
  const name = `packed_${process.pid}`;
  const path = `/tmp/auroraview_${name}`;
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const { ended } = run("auroraview_backend.py", [], { AURORAVIEW_IPC_CHANNEL: name });
    const socket = await connected;
    const lines = linesOf(socket);
    assertEquals(await lines.next(), { type: "ready", data: { handlers: ["save", "stop"] } });
    for (const method of ["save", "stop"]) {
      socket.write(`${JSON.stringify({ type: "request", id: method, method, data: { path: "/ö" } })}\n`);
      const data = { method, data: { path: "/ö" } };
      assertEquals(await lines.next(), { type: "response", id: method, data });
      assertEquals(await lines.next(), { type: "event", event: "handled", data: { method } });
    }
    assertEquals(await ended, { code: 0, stdout: "[Debug] Emitted event: handled\n".repeat(2), stderr: "" });
    socket.destroy();
  } finally {
    server.close();
    rmSync(path, { force: true });
  }
});

Deno.test("auroraview: AURORAVIEW_IPC_MODE=legacy forces the old behaviour, on stdin and stdout", async () => {
  const { child, ended } = run("../../../clients/python/examples/backend.py", [], {
    AURORAVIEW_IPC_CHANNEL: "unused",
    AURORAVIEW_IPC_MODE: "legacy",
  });
  child.stdin.end(`${JSON.stringify({ id: 1, method: "greet", params: { name: "Ada" } })}\n`);
  const { code, stdout, stderr } = await ended;
  assertEquals({ code, stderr }, { code: 0, stderr: "greet was called\n" });
  assertEquals(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    { type: "ready", handlers: ["count.down", "greet"] },
    { id: 1, ok: true, result: { text: "Hello Ada" } },
  ]);
});

Deno.test("auroraview: a client of the standard library alone calls native methods at /tmp/auroraview_NAME", async () => {
  await using daemon = await DaemonSandbox.create(documented);
  const name = `daemon_${process.pid}`;
  await start(daemon, `auroraview=/tmp/auroraview_${name}`);
  const { code, stdout, stderr } = await run("auroraview_client.py", [name, "daemon.ping"], {}).ended;
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const [ping, request, fields] = JSON.parse(stdout);
  assertEquals([ping, request, fields.includes("uptime_secs")], ["pong", "response", true]);
});

/** The JSON values of a socket's lines, one at a time; empty lines carry nothing. */
function linesOf(socket: Socket) {
  const values: Record<string, unknown>[] = [];
  let rest = "";
  let wake = () => {};
  socket.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    values.push(...lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line)));
    wake();
  });
  return {
    async next(): Promise<Record<string, unknown>> {
      for (;;) {
        const value = values.shift();
        if (value !== undefined) return value;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
  };
}
