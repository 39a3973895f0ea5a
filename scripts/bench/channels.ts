import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { bunProgram } from "./bun_program.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, median } from "./support.ts";

// What channels carry under Bun: in one thread, across a worker, between two processes with small messages
// and 64 KiB ones, and large payloads over shared memory beside the same over the socket. The two processes
// are pinned to different cores.

const rounds = Number(process.argv[2] ?? 5);
using scratch = new Scratch();
const program = await bunProgram("channels_program.ts", scratch.directory("program"));
const [file = "", ...first] = program;

function alone(role: string): number {
  const { stdout, stderr, status } = spawnSync(file, [...first, role], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout.trim());
}

/** Seconds from the first message to the last. */
function between(kind: string, count: number, bytes: number): Promise<number> {
  const path = join(scratch.directory(`run-${crypto.randomUUID().slice(0, 8)}`), "s");
  const args = [path, kind, String(count), String(bytes)];
  return new Promise((resolve, reject) => {
    const receiver = spawn("taskset", ["-c", "0", file, ...first, "receive", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    receiver.on("error", reject);
    receiver.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text === "listening\n") {
        spawn("taskset", ["-c", "1", file, ...first, "send", ...args], {
          stdio: ["ignore", "ignore", "inherit"],
        });
      }
    });
    receiver.on("close", (code) => {
      const seconds = Number(text.trim().split("\n")[1]);
      if (code === 0 && seconds > 0) resolve(seconds);
      else reject(new Error(`the receiver ended with ${code}: ${text}`));
    });
  });
}

const results = {
  pair: [] as number[],
  worker: [] as number[],
  small: [] as number[],
  medium: [] as number[],
  socket: [] as number[],
  shared: [] as number[],
  huge: [] as number[],
};
const LARGE = 4 * 1024 * 1024;
const HUGE = 16 * 1024 * 1024;
for (let round = 0; round < rounds; round++) {
  results.pair.push(alone("pair"));
  results.worker.push(alone("worker"));
  results.small.push(1_000_000 / await between("socket", 1_000_000, 0));
  results.medium.push(20_000 * 65_536 / 1e6 / await between("socket", 20_000, 65_536));
  results.socket.push(128 * LARGE / 1e6 / await between("socket", 128, LARGE));
  results.shared.push(128 * LARGE / 1e6 / await between("shared", 128, LARGE));
  results.huge.push(64 * HUGE / 1e6 / await between("shared", 64, HUGE));
}

console.log(machineLine());
row("in one thread", results.pair, "messages/s");
row("across a worker", results.worker, "messages/s");
row("socket, small messages", results.small, "messages/s");
row("socket, 64 KiB of text", results.medium, "MB/s");
row("socket, 4 MiB of text", results.socket, "MB/s");
row("shared memory, 4 MiB", results.shared, "MB/s");
row("shared memory, 16 MiB", results.huge, "MB/s");
console.log(`shared memory to socket: ${digits(median(results.shared) / median(results.socket))}`);

function row(name: string, values: readonly number[], unit: string): void {
  const middle = median(values);
  console.log(
    `${name.padEnd(24)} ${
      middle >= 10_000 ? Math.round(middle).toLocaleString("en") : digits(middle)
    } ${unit}`,
  );
}
