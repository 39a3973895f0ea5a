/**
 * The other process of the transport tests, bundled to one file so that any runtime can run it:
 *
 *     transport_peer.ts cases [TEXT]         runs the transport cases (with TEXT in their name); prints {name, ok, error?, skipped?}
 *     transport_peer.ts echo PATH FRAMING    connects, sends back every message until the peer closes
 *     transport_peer.ts serve PATH           listens, prints "ready", sends back every message of one connection
 *     transport_peer.ts send PATH COUNT      connects, sends COUNT numbered progress events, closes
 *     transport_peer.ts half PATH            connects, sends a message and the beginning of another, waits to be killed
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
    case "echo":
      return await echo(
        await LocalSocketChannel.connect("peer", {
          path,
          framing: option === "lines" ? "lines" : "length",
          retry: true,
          ...SOON,
        }),
      );
    case "serve": {
      await using server = await LocalSocketServer.listen("peer", { path });
      console.log("ready");
      return await echo(await server.accept(SOON));
    }
    case "send": {
      await using channel = await LocalSocketChannel.connect("peer", { path, retry: true, ...SOON });
      return await sendProgress(channel, Number(option));
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
  await new Promise<void>(() => setInterval(() => {}, 60_000));
}

await main(process.argv.slice(2));
// What a failed case left open must not hold up the end.
if (process.argv[2] === "cases") process.exit();
