/** Peers that send all they have and shut down their sending side, as one-shot programs do. */
import { assertEquals, assertMatch } from "@std/assert";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { listening } from "./dialect_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary } from "./support.ts";
import { project } from "./task_sandbox.ts";

/** All that comes back for these bytes, until the other side closes. */
async function oneShot(path: string, text: string | Uint8Array): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const writer = connection.writable.getWriter();
  await writer.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
  writer.releaseLock();
  await connection.closeWrite();
  return await new Response(connection.readable).text();
}

function withLength(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const frame = new Uint8Array(4 + bytes.length);
  new DataView(frame.buffer).setUint32(0, bytes.length, true);
  frame.set(bytes, 4);
  return frame;
}

/** The id of a task that runs until the sandbox's `go` is there. */
async function waiting(daemon: DaemonSandbox): Promise<string> {
  return (await daemon.run("task", "start", "waits")).stdout.trim();
}

const WAITS = `[tasks.waits]\nrun = "while [ ! -e go ]; do sleep 0.02; done"\n`;

Deno.test("a client that has sent all gets the answer that takes long, then the daemon closes", async () => {
  await using daemon = await project(binary, WAITS);
  const id = await waiting(daemon);
  const request = `{"type":"request","id":"1","method":"task.wait","data":{"ids":["${id}"]}}`;
  const answers = ["\n", ""].map((end) => oneShot(daemon.socket, request + end));
  // Both ask before the task may end.
  for (;;) {
    const { requests_in_flight: open } = await daemon.call("daemon.status") as { requests_in_flight: number };
    if (open >= 2) break;
  }
  await Deno.writeTextFile(join(daemon.sandbox.project, "go"), "");
  for (const answer of answers) {
    assertMatch(await answer, /^\{"type":"response","id":"1",.*"completed".*\}\n$/);
  }
});

Deno.test("a subscriber that has sent all hears events until it goes, and is forgotten then", async () => {
  await using daemon = await project(binary, WAITS);
  await daemon.start();
  const socket = createConnection({ path: daemon.socket, allowHalfOpen: true });
  socket.end('{"type":"request","id":"1","method":"events.subscribe","data":{"types":["task.*"]}}\n');
  let text = "";
  const heard = new Promise<void>((resolve) =>
    socket.on("data", (part) => {
      text += part;
      if (text.includes('"task.queued"')) resolve();
    })
  );
  for (;;) {
    const { clients } = await daemon.call("client.list") as { clients: { subscriptions: unknown[] }[] };
    if (clients.some(({ subscriptions }) => subscriptions.length > 0)) break;
  }
  await waiting(daemon);
  await heard;
  socket.destroy();
  for (;;) {
    const { clients } = await daemon.call("client.list") as { clients: { subscriptions: unknown[] }[] };
    if (clients.every(({ subscriptions }) => subscriptions.length === 0)) break;
  }
  await Deno.writeTextFile(join(daemon.sandbox.project, "go"), "");
});

Deno.test("one-shot clients of other systems get their answers", async () => {
  const asked: Record<string, { bytes: string | Uint8Array; answer: RegExp }> = {
    bunctl: { bytes: withLength('{"Status":{"name":null}}'), answer: /"Data"/ },
    vx: { bytes: '"Ping"', answer: /^\{"Pong":/ },
    ipckit: {
      bytes: withLength('{"msg_type":"request","payload":{"method":"ping","params":{}}}'),
      answer: /"response"/,
    },
  };
  for (const [dialect, { bytes, answer }] of Object.entries(asked)) {
    const { daemon, path } = await listening(dialect);
    await using _daemon = daemon;
    assertMatch(await oneShot(path, bytes), answer, dialect);
  }
});

Deno.test("a parent that shuts down its side without a job hears why nothing is installed", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const path = join(daemon.sandbox.root, "install.sock");
  const parts: Uint8Array[] = [];
  const parent = createServer({ allowHalfOpen: true }, (socket) => {
    socket.end("\n\n\n\n");
    socket.on("data", (part) => parts.push(part));
  });
  await new Promise<void>((resolve) => parent.listen(path, resolve));
  const { code } = await daemon.run("install", "esbuild@1.0.0", "--ipc-channel", path);
  parent.close();
  assertEquals(code, 3);
  assertMatch(await new Blob(parts as BlobPart[]).text(), /^\{"Failed":.*before it sent a job.*\n$/);
});

Deno.test("a parent that has sent its job and shut down its side hears of the install to its end", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const path = join(daemon.sandbox.root, "install.sock");
  const parts: Uint8Array[] = [];
  const job = '{"tool_name":"esbuild","version":"1.0.0","options":{},"download_url":null}';
  const parent = createServer({ allowHalfOpen: true }, (socket) => {
    socket.end(job);
    socket.on("data", (part) => parts.push(part));
  });
  await new Promise<void>((resolve) => parent.listen(path, resolve));
  const { code, stderr } = await daemon.run("install", "esbuild@1.0.0", "--ipc-channel", path);
  parent.close();
  const heard = await new Blob(parts as BlobPart[]).text();
  assertEquals([code, stderr], [0, ""]);
  assertMatch(heard, /^\{"Started"[^]*\n\{"Completed":[^\n]*\n$/);
});
