import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

/** A client as bunctl's own: a little-endian length before each JSON text, one answer for each request. */
class BunctlClient implements Disposable {
  readonly #socket: Socket;
  readonly #frames: unknown[] = [];
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(path: string) {
    this.#socket = createConnection(path);
    this.#socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readUInt32LE(0)) {
        const end = 4 + this.#bytes.readUInt32LE(0);
        this.#frames.push(JSON.parse(this.#bytes.toString("utf8", 4, end)));
        this.#bytes = this.#bytes.subarray(end);
      }
      this.#wake();
    });
  }

  writeHex(hex: string): void {
    this.#socket.write(Buffer.from(hex, "hex"));
  }

  send(request: unknown): void {
    const json = Buffer.from(JSON.stringify(request));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(json.length);
    this.#socket.write(Buffer.concat([length, json]));
  }

  // deno-lint-ignore no-explicit-any
  async read(): Promise<any> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#frames.shift();
  }

  // deno-lint-ignore no-explicit-any
  async ask(request: unknown): Promise<any> {
    this.send(request);
    return await this.read();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

async function started(): Promise<{ daemon: DaemonSandbox; path: string }> {
  const daemon = await DaemonSandbox.create(binary);
  const path = join(daemon.sandbox.root, "run", "haft", "bunctl.sock");
  const { code, stderr } = await daemon.run("daemon", "start", "--listen", `bunctl=${path}`);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return { daemon, path };
}

function config(command: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    name: "api",
    command,
    args: ["-c", "while :; do echo tick; echo tock >&2; sleep 0.1; done"],
    ...more,
  });
}

Deno.test("a bunctl client starts, lists, follows, restarts, stops and deletes an app", async () => {
  const { daemon, path } = await started();
  await using _ = daemon;
  using client = new BunctlClient(path);
  client.writeHex("06000000224c69737422");
  assertEquals(await client.read(), { Data: { data: [] } });
  assertEquals(
    await client.ask({ Start: { name: "API", config: config("sh", { env: { A: "1" }, cwd: null }) } }),
    {
      Success: { message: "Started app api" },
    },
  );
  assertEquals(await client.ask({ Start: { name: "api", config: config("sh") } }), {
    Success: { message: "Started app api" },
  });
  assertEquals(await client.ask({ List: null }), { Data: { data: ["api"] } });
  const { Data: { data: status } } = await client.ask({ Status: { name: "api", more: true } });
  assertEquals([status.name, status.state, status.restart_policy, status.command], [
    "api",
    "Running",
    "OnFailure",
    "sh",
  ]);
  assert(status.pid > 0);
  assertEquals((await client.ask({ Status: { name: null } })).Data.data.length, 1);

  assertEquals(await client.ask({ Subscribe: { subscription: { LogEvents: { app_name: "api" } } } }), {
    Success: { message: "Subscribed to events" },
  });
  // Events are held until the client has its snapshot.
  assertEquals((await client.ask({ Status: { name: "api" } })).Data.data.name, "api");
  const { Event: event } = await client.read();
  assertEquals([event.event_type, event.data.app], ["log_line", "api"]);
  assertEquals(["tick", "tock"].includes(event.data.line), true);
  client.send("Unsubscribe");
  let answer = await client.read();
  while ("Event" in answer) answer = await client.read();
  assertEquals(answer, { Success: { message: "Unsubscribed from events" } });

  const { Data: { data: logs } } = await client.ask({ Logs: { name: "api", lines: 5 } });
  assertMatch(logs.logs.output[0], /^\[api\] \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] \[stdout\] tick$/);
  assertMatch(logs.logs.errors[0], /\[stderr\] tock$/);
  const restarted = (await client.ask({ Restart: { name: "api" } })).Success.message;
  assertMatch(restarted, /^Restarted app api with PID \d+$/);
  assert(!restarted.endsWith(` ${status.pid}`));
  assertEquals(await client.ask({ Stop: ["api"] }), { Success: { message: "Stopped app api" } });
  assertEquals(await client.ask({ Stop: { name: "api" } }), { Error: { message: "App api is not running" } });
  assertEquals((await client.ask({ Status: { name: "api" } })).Data.data.state, "Stopped");
  assertEquals(await client.ask({ Delete: { name: "api" } }), { Success: { message: "Deleted app api" } });
  assertEquals(await client.ask({ Status: { name: "api" } }), { Error: { message: "App api not found" } });
});

/**
 * An app as bunctl-ipc 3.0.0-alpha.1 puts it on the wire for `bunctl start "My  API!" --command …`: every
 * field, in its order, with serde's numbers.
 */
function asSerdeWrites(
  { command, cwd, more }: { command: string; cwd: string; more: Record<string, string> },
): string {
  const field = (name: string, otherwise: string) => `"${name}":${more[name] ?? otherwise}`;
  return `{"name":"My  API!","command":${JSON.stringify(command)},${field("args", "[]")},"cwd":"${cwd}",` +
    `"env":{"PORT":"3000"},${field("auto_start", "false")},"restart_policy":"no",` +
    `${field("max_memory", "null")},${field("max_cpu_percent", "null")},"uid":null,"gid":null,` +
    `${field("stdout_log", "null")},"stderr_log":null,"combined_log":null,"log_max_size":10485760,` +
    `"log_max_files":10,${field("health_check", "null")},"stop_timeout":{"secs":1,"nanos":500000000},` +
    `"kill_timeout":{"secs":5,"nanos":0},"backoff":{"base_delay_ms":100,"max_delay_ms":30000,` +
    `"multiplier":2.0,"jitter":0.3,${field("max_attempts", "null")},"exhausted_action":"stop"}}`;
}

Deno.test("an app with every field that bunctl's serde writes runs where and as it says, and Status tells so", async () => {
  const { daemon, path } = await started();
  await using _ = daemon;
  const cwd = join(daemon.sandbox.root, "else where");
  mkdirSync(cwd);
  using client = new BunctlClient(path);
  const plain = { command: "sh -c 'pwd; echo \"port $PORT\"; exec sleep 600'", cwd, more: {} };
  const start = async (config: string) => await client.ask({ Start: { name: "My  API!", config } });
  assertEquals(await start(asSerdeWrites(plain)), { Success: { message: "Started app my--api" } });
  const logs = { Logs: { name: "My  API!", lines: 20 } };
  let output: string[] = [];
  while (output.length < 2) output = (await client.ask(logs)).Data.data.logs.output;
  assertEquals(output.map((line) => line.split("] ").at(-1)), [cwd, "port 3000"]);
  const { pid, uptime_seconds, memory_bytes, cpu_percent: _cpu, ...status } =
    (await client.ask({ Status: { name: "My  API!" } })).Data.data;
  // The client reads these as unsigned integers.
  assert([pid, uptime_seconds, memory_bytes].every((number) => Number.isInteger(number) && number >= 0));
  assertEquals(status, {
    name: "my--api",
    state: "Running",
    restarts: 0,
    auto_start: false,
    command: "sh",
    args: ["-c", 'pwd; echo "port $PORT"; exec sleep 600'],
    cwd,
    restart_policy: "No",
    last_exit_code: null,
    max_memory: null,
    max_cpu_percent: null,
    max_restart_attempts: null,
    backoff_exhausted: false,
    env: {},
  });
  assertEquals(await client.ask({ Delete: { name: "my--api" } }), {
    Success: { message: "Deleted app my--api" },
  });

  const seconds = '{"secs":1,"nanos":0}';
  const more = {
    args: '["600"]',
    auto_start: "true",
    max_memory: "536870912",
    max_cpu_percent: "50.0",
    stdout_log: '"/dev/null"',
    health_check: `{"check_type":{"type":"exec","command":"true","args":[]},"interval":${seconds},` +
      `"timeout":${seconds},"retries":3,"start_period":{"secs":0,"nanos":0}}`,
    max_attempts: "5",
  };
  assertEquals(await start(asSerdeWrites({ command: "sleep", cwd, more })), {
    Success: { message: "Started app my--api" },
  });
  const full = (await client.ask({ Status: { name: "My  API!" } })).Data.data;
  assertEquals(
    [full.auto_start, full.args, full.max_memory, full.max_cpu_percent, full.max_restart_attempts],
    [true, ["600"], 536_870_912, 50, 5],
  );
});

Deno.test("what bunctl refuses is answered with its Error, and the connection lives", async () => {
  const { daemon, path } = await started();
  await using _ = daemon;
  using client = new BunctlClient(path);
  for (
    const request of [
      "Stop",
      { List: {} },
      { Explode: null },
      5,
      { Start: { name: "x", config: "{" } },
      { Start: { name: "", config: config("sh") } },
      { Start: { name: "..", config: config("sh") } },
      { Logs: { name: null, lines: -1 } },
      [],
    ]
  ) {
    assertEquals(Object.keys(await client.ask(request)), ["Error"], JSON.stringify(request));
  }
  const unknown = await client.ask({ Start: { name: "x", config: config("sh", { colour: "red" }) } });
  assertMatch(unknown.Error.message, /^Invalid config: colour/);
  const missing = await client.ask({
    Start: { name: "x", config: JSON.stringify({ name: "x", command: "/no/such" }) },
  });
  assertStringIncludes(missing.Error.message, "/no/such");
  assertEquals(Object.keys(await client.ask("List")), ["Data"]);
});

Deno.test("a subscriber to all events sees an app crash and be started again", async () => {
  const { daemon, path } = await started();
  await using _ = daemon;
  using client = new BunctlClient(path);
  await client.ask({ Subscribe: { subscription: "AllEvents" } });
  await client.ask("List");
  using other = new BunctlClient(path);
  const crash = JSON.stringify({
    name: "c",
    command: "sh",
    args: ["-c", "exit 3"],
    backoff: { base_delay_ms: 10, max_attempts: 1 },
  });
  await other.ask({ Start: { name: "c", config: crash } });
  const seen: string[] = [];
  for (let state = ""; state !== "backoff_exhausted";) {
    const { Event: event } = await client.read();
    seen.push(event.event_type);
    if (event.event_type === "status_change") state = event.data.state;
  }
  for (const type of ["process_started", "process_crashed", "process_restarting"]) {
    assert(seen.includes(type), `${type} in ${seen}`);
  }
  assert(!seen.includes("process_exited"), "no normal end");
});
