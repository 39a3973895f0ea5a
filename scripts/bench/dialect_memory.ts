import { delay } from "@std/async/delay";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { build } from "../build.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { memoryOf } from "./process_state.ts";
import { bench } from "./report/bench.ts";

/*
 * What an idle connection of another system's client costs the daemon, beside one of haft's own: bytes in no
 * file by /proc, so Linux only. Each has asked once, and as many have come and gone before.
 */

/** As many as `memory.ts` has: of a few, the heap's blocks of 16 KiB would be a large part. */
const CONNECTIONS = 1_000;
/** More than a user's daemon takes unless its settings say so. */
const SETTINGS = `[daemon]\nconnections = ${CONNECTIONS + 100}\n`;
/** The daemon looks at its garbage two seconds after the last of a burst. */
const SETTLE_MS = 3_500;
const encoder = new TextEncoder();
/** What each client asks: a little-endian length or a line. */
const QUESTIONS = {
  haft: encoder.encode('{"type":"request","id":"1","method":"daemon.ping"}\n'),
  bunctl: Uint8Array.of(6, 0, 0, 0, ...encoder.encode('"List"')),
  vx: encoder.encode('"Ping"\n'),
};
type Dialect = keyof typeof QUESTIONS;

await bench({ rounds: 5 }, async function* ({ rounds }) {
  // Once, before several daemons start at a time.
  await build();
  const values: Record<Dialect, number[]> = { haft: [], bunctl: [], vx: [] };
  for (let round = 0; round < rounds; round++) {
    // Side by side: what one daemon holds does not depend on another.
    const dialects = ["haft", "bunctl", "vx"] as const;
    const each = await Promise.all(dialects.map(bytesEach));
    for (const [index, dialect] of dialects.entries()) values[dialect].push((each[index] ?? NaN) / 1024);
  }
  for (const dialect of ["bunctl", "vx"] as const) {
    yield {
      name: `memory.${dialect}`,
      title: `an idle connection of ${dialect}'s client`,
      unit: "KB",
      values: values[dialect],
      baseline: { name: "one of haft's own", values: values.haft },
      goal: { of: "value", atMost: 4 },
    };
  }
});

async function bytesEach(dialect: Dialect): Promise<number> {
  let path = "";
  await using bench = await BenchDaemon.start("", {
    settings: SETTINGS,
    daemon: (run) => dialect === "haft" ? [] : ["--listen", `${dialect}=${path = join(run, "other.sock")}`],
  });
  if (dialect === "haft") path = bench.socket;
  const daemon = await bench.connect();
  const { pid } = await daemon.request("daemon.status", {});
  const open = async () => {
    const sockets: Socket[] = [];
    // One after the other: a daemon takes few that have said nothing yet.
    while (sockets.length < CONNECTIONS) sockets.push(await asked(path, QUESTIONS[dialect]));
    return sockets;
  };
  for (const socket of await open()) socket.destroy();
  await delay(SETTLE_MS);
  const before = memoryOf(pid).own;
  const sockets = await open();
  await delay(SETTLE_MS);
  const grown = memoryOf(pid).own - before;
  for (const socket of sockets) socket.destroy();
  return grown / CONNECTIONS;
}

/** A connection that has had its answer. */
function asked(path: string, question: Uint8Array): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => socket.write(question));
    socket.once("data", () => resolve(socket));
    socket.once("error", reject);
  });
}
