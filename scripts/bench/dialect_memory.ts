/**
 * What an idle connection of another system's client costs the daemon, beside the 1 KB of bunctl-ipc's
 * manual: resident bytes by /proc, so Linux only. Each has asked once, and as many have come and gone before.
 *
 *     deno task build && deno run -A scripts/bench/dialect_memory.ts [connections]
 */
import { delay } from "@std/async/delay";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { markdownTable } from "../support/markdown_table.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { residentMemory } from "./process_state.ts";
import { digits, machineLine, median } from "./support.ts";

const count = Number(process.argv[2] ?? 230);
const ROUNDS = 3;
const SETTLE_MS = 1_500;
/** What each dialect's client asks: a little-endian length or a line. */
const QUESTIONS: Readonly<Record<string, Uint8Array>> = {
  bunctl: Uint8Array.of(6, 0, 0, 0, ...new TextEncoder().encode('"List"')),
  vx: new TextEncoder().encode('"Ping"\n'),
};

const rows: string[][] = [];
for (const [dialect, question] of Object.entries(QUESTIONS)) {
  const values: number[] = [];
  for (let round = 0; round < ROUNDS; round++) values.push(await bytesEach(dialect, question) / 1024);
  rows.push([dialect, digits(median(values)), "1", "4"]);
}
console.log(machineLine("not pinned"));
console.log(markdownTable([["dialect", "KB a connection", "the document", "goal"], ...rows]));

async function bytesEach(dialect: string, question: Uint8Array): Promise<number> {
  let path = "";
  await using bench = await BenchDaemon.start("", {
    daemon: (run) => ["--listen", `${dialect}=${path = join(run, "other.sock")}`],
  });
  const daemon = await bench.connect();
  const { pid } = await daemon.request("daemon.status", {});
  const open = async () => {
    const sockets: Socket[] = [];
    // One after the other: a daemon takes few that have said nothing yet.
    while (sockets.length < count) sockets.push(await asked(path, question));
    return sockets;
  };
  for (const socket of await open()) socket.destroy();
  await delay(SETTLE_MS);
  const before = residentMemory(pid);
  const sockets = await open();
  await delay(SETTLE_MS);
  const grown = residentMemory(pid) - before;
  for (const socket of sockets) socket.destroy();
  return grown / count;
}

/** A connection that has had its answer. */
function asked(path: string, question: Uint8Array): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => socket.write(question));
    socket.once("data", () => resolve(socket));
    socket.once("error", reject);
  });
}
