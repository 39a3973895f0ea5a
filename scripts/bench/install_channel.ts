/**
 * 100,000 progress messages from a child process to its parent: over the install channel, and over a bare
 * `node:net` socket with newlines and JSON.parse alone, in the same run.
 *
 *     deno run -A scripts/bench/install_channel.ts [--runs N] [--messages N]
 *     deno bundle -o /tmp/bench.js scripts/bench/install_channel.ts && bun /tmp/bench.js
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { StringDecoder } from "node:string_decoder";
import { parseArgs } from "@std/cli/parse-args";
import { LocalSocketChannel, LocalSocketServer } from "../../src/channel/mod.ts";
import { INSTALL_PROGRESS_EVENT, type InstallProgress } from "../../src/protocol/install.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { pinned, placement, printTable } from "./support.ts";

/** Milliseconds that the channel may take for 100,000 messages. */
const TARGET = 1_000;
const TARGET_MESSAGES = 100_000;

function progress(i: number, total: number): InstallProgress {
  return {
    state: "downloading",
    tool: "biome",
    percent: Math.floor(i / total * 1000) / 10,
    bytes_downloaded: i,
    total_bytes: total,
  };
}

/** The time from the first message to the last, both included. */
class Count {
  readonly #total: number;
  #next = 0;
  #start = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** True with the last message. */
  add(data: unknown): boolean {
    if (this.#next === 0) this.#start = performance.now();
    const { bytes_downloaded } = data as { bytes_downloaded: number };
    if (bytes_downloaded !== this.#next) {
      throw new Error(`Out of order: message ${bytes_downloaded} came where ${this.#next} was due`);
    }
    return ++this.#next === this.#total;
  }

  get elapsed(): number {
    return performance.now() - this.#start;
  }
}

async function overChannel(path: string, messages: number): Promise<number> {
  await using server = await LocalSocketServer.listen("bench", { path });
  const child = startChild("channel", path, messages);
  await using channel = await server.accept({ timeoutMs: 30_000 });
  const count = new Count(messages);
  await channel.sendJson("go");
  for await (const { data } of channel) {
    if (count.add(data)) break;
  }
  const { elapsed } = count;
  await channel.close();
  await ended(child);
  return elapsed;
}

async function overNet(path: string, messages: number): Promise<number> {
  const count = new Count(messages);
  const elapsed = new Promise<number>((resolve, reject) => {
    const server = createServer((socket) => {
      const decoder = new StringDecoder("utf8");
      let rest = "";
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        const lines = (rest + decoder.write(chunk)).split("\n");
        rest = lines.pop() ?? "";
        try {
          for (const line of lines) {
            if (!count.add(JSON.parse(line).data)) continue;
            resolve(count.elapsed);
            socket.destroy();
            server.close();
          }
        } catch (error) {
          reject(error);
        }
      });
      socket.write("go\n");
    });
    server.listen(path);
  });
  const child = startChild("net", path, messages);
  const result = await elapsed;
  await ended(child);
  return result;
}

async function childChannel(path: string, messages: number): Promise<void> {
  await using channel = await LocalSocketChannel.connect("bench", { path, retry: true, timeoutMs: 30_000 });
  await channel.recv({ timeoutMs: 30_000 });
  for (let i = 0; i < messages; i++) await channel.emit(INSTALL_PROGRESS_EVENT, progress(i, messages));
}

async function childNet(path: string, messages: number): Promise<void> {
  const socket = connect(path);
  await new Promise((resolve) => socket.once("data", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  for (let i = 0; i < messages; i++) {
    const message = { type: "event", event: INSTALL_PROGRESS_EVENT, data: progress(i, messages) };
    if (!socket.write(`${JSON.stringify(message)}\n`)) {
      await new Promise((resolve) => socket.once("drain", resolve));
    }
  }
  await closed;
}

function startChild(mode: string, path: string, messages: number): ChildProcess {
  const [file = "", ...args] = pinned(
    [...runtime.selfCommand(), "--child", mode, "--path", path, "--messages", String(messages)],
    "child",
  );
  return spawn(file, args, { stdio: ["ignore", "inherit", "inherit"] });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode !== 0) throw new Error(`The child ended with ${child.exitCode}`);
}

async function main(): Promise<void> {
  const args = parseArgs(process.argv.slice(2), { string: ["runs", "messages", "child", "path"] });
  const messages = Number(args["messages"] ?? TARGET_MESSAGES);
  if (args["child"] === "channel") return await childChannel(String(args["path"]), messages);
  if (args["child"] === "net") return await childNet(String(args["path"]), messages);
  const directory = mkdtempSync(join(tmpdir(), "haft-b-"));
  const times = { net: [] as number[], channel: [] as number[] };
  try {
    for (let run = 0; run < Number(args["runs"] ?? 5); run++) {
      times.net.push(await overNet(join(directory, "n.sock"), messages));
      times.channel.push(await overChannel(join(directory, "c.sock"), messages));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  console.log(`${runtime.name}; ${placement()}`);
  printTable(`${messages} progress messages, child to parent, all in order`, "ms", [
    { name: "node:net, newlines, JSON.parse only", values: times.net },
    { name: "install channel", values: times.channel },
  ]);
  const worst = Math.max(...times.channel) * TARGET_MESSAGES / messages;
  console.log(
    `target: ${TARGET} ms for ${TARGET_MESSAGES}: ${worst <= TARGET ? "met" : "MISSED"}, slowest run ${
      worst.toFixed(0)
    } ms`,
  );
}

await main();
