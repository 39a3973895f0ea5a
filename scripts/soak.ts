/**
 * Mixed traffic on every kind of channel at once, for ten minutes unless said otherwise: in a thread, to a
 * worker, and by socket, shared memory and stdio to other processes, one of them in Python; and all the while
 * peers that die by kill -9.
 *
 *     deno run -A scripts/soak.ts [SECONDS]
 *
 * Ends non-zero when a message is lost, doubled, changed or out of order, a death is not noticed within a
 * second, a process, socket or segment is left, or memory grows.
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { bunProgram } from "./bench/bun_program.ts";
import { Scratch } from "./bench/scratch.ts";
import { machineLine, median } from "./bench/support.ts";
import type { Progress } from "./soak/traffic.ts";

interface Sample {
  memory: Record<string, number>;
  traffic: Record<string, Progress>;
  killed: { rounds: number; slowest: number };
}

/** What may be added between the end of the first third and the end: a fifth, or this many bytes. */
const GROWTH = { share: 0.2, bytes: 16 * 1024 * 1024 };

const seconds = Number(process.argv[2] ?? 600);
using scratch = new Scratch();
const program = await bunProgram("../soak/soak_program.ts", scratch.directory("program"));
const [file = "", ...first] = program;
const [samples, over] = await run();
const failures = [...(over ? [] : ["it ended early"]), ...grown(samples)];
for (const failure of failures) console.log(`FAILED: ${failure}`);
console.log(failures.length === 0 ? "soak: nothing lost, nothing left behind, memory flat" : "soak: failed");
process.exitCode = failures.length === 0 ? 0 : 1;

async function run(): Promise<[Sample[], boolean]> {
  const samples: Sample[] = [];
  let over = false;
  const directory = scratch.directory("run");
  const child = spawn(file, [...first, "run", String(seconds), directory, ...pythonPeer()], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PYTHONPATH: join("clients", "python", "src") },
  });
  const exited = new Promise<boolean>((resolve) => child.once("exit", (code) => resolve(code === 0)));
  console.log(`${machineLine()}; ${seconds} s`);
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as Sample | { over: true };
    if ("over" in said) over = true;
    else {
      samples.push(said);
      print(said);
    }
  }
  return [samples, await exited && over];
}

function pythonPeer(): string[] {
  const found = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).status === 0;
  if (!found) console.log("no python3 of 3.8 or later: its lane is left out");
  return found ? ["python3", "scripts/soak/python_peer.py"] : [];
}

function print({ memory, traffic, killed }: Sample): void {
  const lanes = Object.entries(traffic).map(([name, { returned }]) =>
    `${name} ${returned.toLocaleString("en")}`
  );
  const sizes = Object.entries(memory).map(([name, bytes]) => `${name} ${megabytes(bytes)}`);
  console.log(
    `messages: ${lanes.join(", ")}; killed ${killed.rounds}, noticed within ${Math.ceil(killed.slowest)} ms`,
  );
  console.log(`memory, MB: ${sizes.join(", ")}`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/**
 * Memory of the last third against the middle one, each the middle of its samples: a collector's saw teeth
 * are no growth.
 */
function grown(samples: readonly Sample[]): string[] {
  const third = Math.floor(samples.length / 3);
  const [middle, last] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
  const lost = Object.entries(samples.at(-1)?.traffic ?? {}).flatMap(([name, { sent, returned }]) =>
    sent > 0 && sent === returned ? [] : [`${name}: ${sent} sent, ${returned} came back`]
  );
  return lost.concat(
    Object.keys(samples[0]?.memory ?? {}).flatMap((name) => {
      const [before, after] = [middle, last].map((part) =>
        median(part.map(({ memory }) => memory[name] ?? NaN))
      );
      if (before === undefined || after === undefined) return [`${name}: no samples`];
      if (after <= Math.max(before * (1 + GROWTH.share), before + GROWTH.bytes)) return [];
      return [`${name} grew from ${megabytes(before)} to ${megabytes(after)} MB`];
    }),
  );
}
