/** The document on packages/ipc, promise by promise, with a client that was written from it alone. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IpcClient, IpcServer } from "../../src/ipc/mod.ts";
import type { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { eventsDuring } from "../e2e/dialect_sandbox.ts";
import { JsonClient } from "./clients/line_client.ts";
import { FrameClient } from "./clients/packages_ipc_client.ts";
import { serving } from "./serving.ts";

const start = { commandName: "StartNewTask", data: { configuration: {}, text: "go" } };

async function stateOf(daemon: DaemonSandbox, id: string): Promise<string> {
  const { task } = await daemon.call("task.status", { id }) as { task: { state: string } };
  return task.state;
}

Deno.test("CancelTask and CloseTask mean the task that they name, whichever client started it", async () => {
  const { daemon, path } = await serving("roo");
  await using _ = daemon;
  using first = await FrameClient.connect(path);
  using second = await FrameClient.connect(path);
  first.command(start);
  const a = await first.started();
  first.command(start);
  const b = await first.started();
  second.command({ commandName: "CancelTask", data: a });
  assertEquals(await second.until("taskAborted"), [a]);
  assertEquals([await stateOf(daemon, a), await stateOf(daemon, b)], ["aborted", "running"]);
  second.command({ commandName: "CloseTask", data: b });
  assertEquals(await second.until("taskAborted"), [b]);
});

Deno.test("an unknown id aborts nothing, and the client that named it hears why", async () => {
  const { daemon, path } = await serving("roo");
  await using _ = daemon;
  using client = await FrameClient.connect(path);
  using other = await FrameClient.connect(path);
  client.command(start);
  const id = await client.started();
  for (const unknown of ["0123456789ab", "no such task", "x".repeat(10_000)]) {
    client.command({ commandName: "CancelTask", data: unknown });
    const [{ message }] = await client.until("message");
    assertStringIncludes(message.text, `There is no task ${unknown.slice(0, 90)}`);
    assertEquals(message.text.length < 200, true);
  }
  other.command({ commandName: "CancelTask" });
  assertStringIncludes((await other.until("message"))[0].message.text, "This client has no task");
  assertEquals(await stateOf(daemon, id), "running");
  client.command({ commandName: "CancelTask" });
  assertEquals(await client.until("taskAborted"), [id]);
});

Deno.test("codex: a client that knows only the document becomes ready, and follows its task", async () => {
  const manifest = '[tasks.agent]\nrun = ["sh", "-c", "exit 0"]\n';
  const { daemon, path } = await serving("codex", { manifest });
  await using _ = daemon;
  using client = await FrameClient.connect(path, { origin: "Client" });
  assertEquals([client.ack.origin, typeof client.ack.data.pid, client.ack.data.clientId.length], [
    "Server",
    "number",
    12,
  ]);
  client.command(start);
  const { origin, data } = await client.next(({ type }) => type === "TaskEvent");
  assertEquals([origin, data.type, typeof data.taskId, typeof data.timestamp], [
    "Server",
    "TaskStarted",
    "string",
    "number",
  ]);
  const end = await client.next(({ data }) => data.type !== "Message");
  assertEquals([end.data.type, end.data.taskId], ["TaskCompleted", data.taskId]);
});

Deno.test("codex-lines: its Rust translation reads lines, with client_id at the top", async () => {
  const { daemon, path } = await serving("codex-lines");
  await using _ = daemon;
  using client = new JsonClient(path, "lines");
  const ack = await client.recv();
  assertEquals([ack.type, ack.origin, ack.client_id, ack.data.client_id], [
    "Ack",
    "Server",
    ack.data.clientId,
    ack.client_id,
  ]);
  const command = (commandName: string, data?: unknown) =>
    client.send({
      type: "TaskCommand",
      origin: "Client",
      client_id: ack.client_id,
      data: { commandName, data },
    });
  command("StartNewTask", { configuration: {}, text: "go" });
  const { data: { type, task_id: id } } = await client.recv();
  assertEquals(type, "TaskStarted");
  command("CancelTask", id);
  const aborted = await client.recv();
  assertEquals([aborted.data.type, aborted.data.taskId], ["TaskAborted", id]);
});

Deno.test("discovery: the path of the endpoint is written where clients look, and taken away in the end", async () => {
  const { daemon, path } = await serving("codex", { settings: "discovery = true\n" });
  await using _ = daemon;
  const file = join(daemon.sandbox.root, "tmp", "roo-code-socket-path");
  assertEquals(readFileSync(file, "utf8"), path);
  await daemon.run("daemon", "stop");
  assertEquals(existsSync(file), false);
});

Deno.test("Connect and Disconnect are events of the server", async () => {
  const { daemon, path } = await serving("codex");
  await using _ = daemon;
  // Four, because the helper's own connection comes and goes, too.
  const events = await eventsDuring(daemon, "client.*", 4, async () => {
    using _client = await FrameClient.connect(path);
    await Promise.resolve();
  });
  const own = events.filter(({ data }) => data.dialect === "codex");
  assertEquals(own.map(({ event }) => event).slice(0, 1), ["client.connected"]);
  assertEquals(/^[0-9a-f]{12}$/.test(own[0].data.client_id), true);
});

Deno.test("IpcServer and IpcClient: connect, ack, commands, events, directed and broadcast, disconnect", async () => {
  const directory = mkdtempSync(join(tmpdir(), "haft-ipc-"));
  const server = new IpcServer(join(directory, "tool.sock"));
  const connected = once(server, "connect");
  // Before anything listens: it tries again.
  const [one, two] = [new IpcClient(server.socketPath), new IpcClient(server.socketPath)];
  assertEquals([one.isConnected, one.isReady, server.isListening], [false, false, false]);
  await server.listen();
  const [[ack]] = await Promise.all([once(one, "ack"), once(two, "ack"), connected]);
  assertEquals([one.isConnected, one.isReady, one.clientId], [true, true, ack.clientId]);
  const asked = once(server, "taskCommand");
  one.sendCommand({ commandName: "StartNewTask", data: { text: "go\f" } });
  assertEquals(await asked, [one.clientId, { commandName: "StartNewTask", data: { text: "go\f" } }]);
  const event = (taskId: string) =>
    ({
      type: "TaskEvent",
      origin: "Server",
      data: { type: "TaskStarted", taskId, timestamp: 1 },
    }) as const;
  const heard: string[] = [];
  one.on("taskEvent", ({ taskId }) => heard.push(`one ${taskId}`));
  two.on("taskEvent", ({ taskId }) => heard.push(`two ${taskId}`));
  const last = once(one, "taskEvent");
  assertEquals(server.send(two.clientId ?? "", event("directed")), true);
  server.broadcast(event("all"));
  await last;
  while (heard.length < 3) await once(two, "taskEvent");
  assertEquals(heard.toSorted(), ["one all", "two all", "two directed"]);
  const gone = once(server, "disconnect");
  const id = one.clientId;
  one.disconnect();
  assertEquals(await gone, [id]);
  two.disconnect();
  server.close();
  rmSync(directory, { recursive: true });
});

Deno.test("codex: a plain command's lines come as messages between TaskStarted and TaskCompleted", async () => {
  const manifest = `[tasks.agent]\nrun = ["sh", "-c", "echo öne; echo two; printf three"]\n`;
  const { daemon, path } = await serving("codex", { manifest });
  await using _ = daemon;
  using client = await FrameClient.connect(path, { origin: "Client" });
  client.command(start);
  const seen: string[] = [];
  do {
    const { data } = await client.next(({ type }) => type === "TaskEvent");
    seen.push(data.type === "Message" ? data.message.text : data.type);
  } while (seen.at(-1) !== "TaskCompleted");
  assertEquals(seen, ["TaskStarted", "öne", "two", "three", "TaskCompleted"]);
});
