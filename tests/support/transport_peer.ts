/**
 * The other process of the transport tests, bundled to one file so that any runtime can run it:
 *
 *     transport_peer.ts cases [TEXT]         runs the transport cases (with TEXT in their name); prints {name, ok, error?, skipped?}
 *     transport_peer.ts echo PATH FRAMING    connects, prints "connected", sends back every message until the peer closes
 *     transport_peer.ts serve PATH           listens, prints "ready", sends back every message of one connection
 *     transport_peer.ts roundtrips PATH FRAMING   connects, has messages of many sizes sent back, prints "done"
 *     transport_peer.ts send PATH COUNT      connects, sends COUNT numbered progress events, closes
 *     transport_peer.ts ask PATH             connects, asks one request after the other until the peer closes, prints what it was told then
 *     transport_peer.ts half PATH            connects, sends a message and the beginning of another, prints "half", waits to be killed
 *     transport_peer.ts lock PATH            takes the lock, prints "locked", holds it until stdin ends
 *     transport_peer.ts exec FILE [ARG]...   replaces itself
 *     transport_peer.ts self                 prints runtime.selfCommand() as JSON
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { type IpcChannel, LocalSocketChannel, LocalSocketServer } from "../../src/channel/mod.ts";
import { INSTALL_PROGRESS_EVENT } from "../../src/protocol/install.ts";
import { rawConnect } from "./raw_peer.ts";

const CASE_MS = 30_000;
const SOON = { timeoutMs: 10_000 };

async function main([mode, ...args]: string[]): Promise<void> {
  const [path = "", option = ""] = args;
  switch (mode) {
    case "cases":
      return await runCases(path);
    case "echo": {
      const framing = option === "lines" ? "lines" : "length";
      const channel = await LocalSocketChannel.connect("peer", { path, framing, retry: true, ...SOON });
      console.log("connected");
      return await echo(channel);
    }
    case "roundtrips": {
      const framing = option === "lines" ? "lines" : "length";
      await using channel = await LocalSocketChannel.connect("peer", { path, framing, retry: true, ...SOON });
      return await roundTrips(channel);
    }
    case "serve": {
      await using server = await LocalSocketServer.listen("peer", { path });
      console.log("ready");
      return await echo(await server.accept(SOON));
    }
    case "send": {
      await using channel = await LocalSocketChannel.connect("peer", { path, retry: true, ...SOON });
      return await sendProgress(channel, Number(option));
    }
    case "ask": {
      await using channel = await LocalSocketChannel.connect("peer", { path, retry: true, ...SOON });
      return await askOn(channel);
    }
    case "half":
      return await sendHalf(path);
    case "lock": {
      const { processLock } = await import("../../src/runtime/process_lock.ts");
      using _lock = await processLock(path);
      console.log("locked");
      for await (const _ of process.stdin);
      return;
    }
    case "exec": {
      const { runtime } = await import("../../src/runtime/mod.ts");
      process.exitCode = await runtime.exec(path, args.slice(1), { env: process.env });
      return;
    }
    case "self": {
      const { runtime } = await import("../../src/runtime/mod.ts");
      console.log(JSON.stringify(runtime.selfCommand()));
      return;
    }
    default:
      throw new Error(`Unknown mode ${mode}`);
  }
}

async function runCases(text: string): Promise<void> {
  const { transportCases } = await import("./transport_cases.ts");
  // Whoever runs them says what is not there: "files,exclusive names", say.
  const lacking = (process.env["HAFT_TEST_LACKING"] ?? "").split(",");
  for (const { name, needs, run } of transportCases.filter(({ name }) => name.includes(text))) {
    if (needs !== undefined && lacking.includes(needs)) {
      console.log(JSON.stringify({ name, ok: true, skipped: needs }));
      continue;
    }
    try {
      await within(CASE_MS, run());
      console.log(JSON.stringify({ name, ok: true }));
    } catch (error) {
      console.log(
        JSON.stringify({ name, ok: false, error: error instanceof Error ? error.stack : String(error) }),
      );
    }
  }
}

/** A case that hangs is that case's failure. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not over within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function echo(channel: IpcChannel): Promise<void> {
  for await (const message of channel) await channel.send(message);
  await channel.close();
}

/** A timer in between still runs. */
async function askOn(channel: IpcChannel): Promise<void> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  try {
    for (let n = 0;; n++) {
      const answer = await channel.request("double", { n }) as { n: number };
      if (answer.n !== n * 2) throw new Error(`The double of ${n} is ${answer.n}`);
    }
  } catch (error) {
    console.log(ticks > 0 && error instanceof Error ? error.name : `${error}, ${ticks} ticks`);
  } finally {
    clearInterval(timer);
  }
}

async function roundTrips(channel: IpcChannel): Promise<void> {
  const sizes = [0, 1, 1_000, 65_535, 65_536, 65_537, 900_000];
  const texts = [...sizes.map((size) => "x".repeat(size)), "héllo \u{1f600}", '\u2028\n\r\t\\"'];
  for (const text of texts) {
    await channel.sendJson(text);
    const { data } = await channel.recv(SOON);
    if (data !== text) throw new Error(`A text of ${text.length} came back as another`);
  }
  console.log("done");
}

async function sendProgress(channel: IpcChannel, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await channel.emit(INSTALL_PROGRESS_EVENT, {
      state: "downloading",
      tool: "biome",
      percent: i / count * 100,
      bytes_downloaded: i,
      total_bytes: count,
    });
  }
}

async function sendHalf(path: string): Promise<void> {
  const socket = await rawConnect(path);
  socket.write(Buffer.from('{"type":"ping"}\n{"type":"data","da'));
  // What the server sends back says that it has the rest, too.
  socket.once("data", () => console.log("half"));
  await new Promise<void>(() => setInterval(() => {}, 60_000));
}

await main(process.argv.slice(2));
// What a failed case left open must not hold up the end.
if (process.argv[2] === "cases") process.exit();
