/**
 * The parts of channels.ts that run under Bun. `channels.js pair|worker|port|one-way` prints messages a
 * second; `channels.js receive PATH KIND COUNT BYTES` listens and prints seconds, with `channels.js send PATH
 * KIND COUNT BYTES` as its peer.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { LocalSocketChannel, LocalSocketServer, PortChannel, ThreadChannel } from "../../src/channel/mod.ts";
import { barePort, barePortEnd, bareReceive, bareSend } from "./programs/bare_ends.ts";
import { type PayloadMessage, SharedMemoryChannel } from "../../src/channel/kinds/shared_memory_channel.ts";

const [role = "", path = "", kind = "", countText = "0", bytesText = "0"] = process.argv.slice(2);
const [count, bytes] = [Number(countText), Number(bytesText)];

/** In one thread: as fast as the inbox hands them on. */
async function pair(): Promise<number> {
  const messages = 2_000_000;
  const [near, far] = ThreadChannel.pair("pair", 4096);
  let seen = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  far.onMessage(() => {
    if (++seen === messages) resolve();
  });
  const begun = performance.now();
  for (let n = 0; n < messages; n++) void near.sendJson(n);
  await promise;
  return messages / (performance.now() - begun) * 1000;
}

/** Over a pair of ports: one end is here, the other in a worker of this same file. */
async function worker(): Promise<number> {
  const messages = 300_000;
  const { port1, port2 } = new MessageChannel();
  const other = new Worker(process.argv[1] ?? "");
  other.postMessage(port2, [port2]);
  const channel = new PortChannel("worker", port1, 4096);
  await channel.recv();
  const begun = performance.now();
  for (let n = 0; n < messages; n++) await channel.sendJson(n);
  await channel.recv();
  const rate = messages / (performance.now() - begun) * 1000;
  other.terminate();
  return rate;
}

/** The worker: says that it is there, takes everything, and says when it has. */
function echoEnd(): void {
  self.addEventListener("message", (event) => {
    const { data } = event as MessageEvent<MessagePort | [bare: MessagePort]>;
    if (Array.isArray(data)) return barePortEnd(data[0], 300_000);
    const channel = new PortChannel("worker", data, 4096);
    let seen = 0;
    channel.onMessage(() => {
      if (++seen === 300_000) void channel.sendJson("all");
    });
    void channel.sendJson("here");
  }, { once: true });
}

/** Through a socket whose two ends are both here: what both cost together. */
async function oneWay(): Promise<number> {
  const messages = 500_000;
  const directory = mkdtempSync(join(tmpdir(), "haft-bench-"));
  try {
    await using server = await LocalSocketServer.listen("bench", { path: join(directory, "s") });
    await using near = await LocalSocketChannel.connect("bench", { path: server.path });
    await using far = await server.accept();
    let seen = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    far.onMessage(() => {
      if (++seen === messages) resolve();
    });
    const begun = performance.now();
    for (let n = 0; n < messages; n++) await near.sendJson(n);
    await promise;
    return messages / (performance.now() - begun) * 1000;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function receive(): Promise<number> {
  if (kind === "bare") return await bareReceive(path, count) / 1000;
  await using server = await LocalSocketServer.listen("bench", { path, maxFrameBytes: 16 * 1024 * 1024 - 1 });
  console.log("listening");
  const socket = await server.accept();
  const channel = kind === "shared" ? SharedMemoryChannel.over(socket, { size: 64 * 1024 * 1024 }) : socket;
  let seen = 0;
  let begun = 0;
  const { promise, resolve } = Promise.withResolvers<number>();
  channel.onMessage((message) => {
    if (seen++ === 0) begun = performance.now();
    const { payload, data } = message as PayloadMessage;
    if (bytes > 0 && (payload?.length ?? (data as string).length) < bytes) {
      throw new Error("a payload came short");
    }
    if (seen === count) resolve(performance.now() - begun);
  });
  await channel.sendJson("go");
  return await promise / 1000;
}

async function send(): Promise<void> {
  if (kind === "bare") return await bareSend(path, count);
  const socket = await LocalSocketChannel.connect("bench", { path, maxFrameBytes: 16 * 1024 * 1024 - 1 });
  const channel = kind === "shared" ? SharedMemoryChannel.over(socket, { size: 64 * 1024 * 1024 }) : socket;
  await channel.recv();
  const payload = new Uint8Array(bytes).fill(120);
  const text = "x".repeat(bytes);
  for (let n = 0; n < count; n++) {
    if (channel instanceof SharedMemoryChannel) await channel.sendPayload({ type: "data" }, payload);
    else await channel.sendJson(bytes === 0 ? n : text);
  }
  await channel.closed;
}

switch (role) {
  case "pair":
    console.log(await pair());
    break;
  case "one-way":
    console.log(await oneWay());
    break;
  case "worker":
    console.log(await worker());
    process.exit(0);
    break;
  case "port":
    console.log(await barePort(new Worker(process.argv[1] ?? ""), 300_000));
    process.exit(0);
    break;
  case "receive":
    console.log(await receive());
    process.exit(0);
    break;
  case "send":
    await send();
    break;
  default:
    echoEnd();
}
