import { delay } from "@std/async/delay";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { logFamily } from "../../src/apps/logs/log_files.ts";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { compileC } from "./native_program.ts";
import { processorTime } from "./process_state.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, median, quantile } from "./support.ts";

// What an app writes, under the real daemon: 200,000 lines a second, of which none may be missing in the
// files, and what a subscriber is told of them; then 1,000 a second, and how long from the writing to the
// subscriber, beside `tail -F`.
//
//     deno run -A scripts/bench/app_logs.ts [SECONDS]

const LINE = 100;
const FAST = 200_000;
const SLOW = 1_000;
const seconds = Number(process.argv[2] ?? 10);

using scratch = new Scratch();
const writer = await compileC("lines", scratch.directory("writer"));
if (writer === undefined) process.exit(0);
const app = (name: string, rate: number) =>
  `[apps.${name}]
command = ["${writer}", "${rate}", "${seconds}"]
restart = "no"
log = { max_size = "20MiB", keep = 100 }
`;
await using bench = await BenchDaemon.start(app("fast", FAST) + app("slow", SLOW));
const { cwd } = bench;
const daemon = await bench.connect();
const { pid } = daemon.ack;
console.log(`${machineLine()}; ${seconds} s each`);
await fast();
await slow();

async function fast(): Promise<void> {
  const told = { lines: 0, last: -1, outOfOrder: 0, dropped: 0, skipped: 0 };
  const stop = daemon.onEvent(({ event, data }) => {
    if (event === "lagged") told.dropped += (data as { dropped: number }).dropped;
    else if (event === "app.log_skipped") told.skipped += (data as { bytes: number }).bytes;
    else if (event === "app.log_line") {
      const number = Number.parseInt((data as { line: string }).line);
      told.lines++;
      if (number <= told.last) told.outOfOrder++;
      told.last = number;
    }
  });
  await daemon.request("events.subscribe", { types: ["app.log_line", "app.log_skipped"] });
  const before = { cpu: processorTime(pid), at: performance.now() };
  const path = await run("fast");
  const cpu = (processorTime(pid) - before.cpu) / ((performance.now() - before.at) / 1000);
  await delay(2_000);
  stop();
  const written = FAST * seconds;
  const found = numbersIn(path);
  if (found !== written) throw new Error(`${found} of ${written} lines are in the files`);
  if (told.outOfOrder > 0) throw new Error(`${told.outOfOrder} lines were told out of order`);
  const unseen = written - told.lines - told.skipped / LINE;
  console.log(
    `${FAST.toLocaleString("en")} lines/s: all ${found.toLocaleString("en")} in the files; the daemon used ${
      digits(cpu * 100)
    } % of a core`,
  );
  console.log(
    `a subscriber got ${told.lines.toLocaleString("en")}, was told of ${
      Math.round(told.skipped / LINE).toLocaleString("en")
    } that nobody read and of ${told.dropped.toLocaleString("en")} that it was too slow for (${
      Math.round(unseen).toLocaleString("en")
    } by counting)`,
  );
}

async function slow(): Promise<void> {
  const latencies: number[] = [];
  const stop = daemon.onEvent(({ event, data }) => {
    if (event === "app.log_line") latencies.push(sinceWriting((data as { line: string }).line));
  });
  const path = await run("slow", (path) => {
    // What was written until it runs is not counted.
    const tail = spawn("tail", ["-n", "0", "-F", path], { stdio: ["ignore", "pipe", "ignore"] });
    const lines: number[] = [];
    createInterface({ input: tail.stdout }).on("line", (line) => lines.push(sinceWriting(line)));
    return () => {
      tail.kill();
      row("`tail -F`", lines);
    };
  });
  await delay(500);
  stop();
  if (latencies.length !== SLOW * seconds) throw new Error(`${latencies.length} lines were told`);
  row("line to subscriber (goal 5, 50)", latencies);
  numbersIn(path);
}

function row(name: string, latencies: readonly number[]): void {
  console.log(
    `${name.padEnd(32)} p50 ${digits(median(latencies))} ms, p99 ${digits(quantile(latencies, 0.99))}, of ${
      latencies.length.toLocaleString("en")
    }`,
  );
}

/** Milliseconds. */
function sinceWriting(line: string): number {
  return performance.timeOrigin + performance.now() - Number(line.split(" ")[1]) / 1e6;
}

/** Starts the app and waits for its end. @returns where its output is */
async function run(name: string, beside: (path: string) => () => void = () => () => {}): Promise<string> {
  const status = async () => {
    const { apps: [app] } = await daemon.request("app.status", { root: cwd, names: [name] }) as {
      apps: AppStatus[];
    };
    return app;
  };
  await daemon.request("app.start", { root: cwd, names: [name] });
  const path = (await status())?.instances[0]?.stdout_log ?? "";
  const end = beside(path);
  while ((await status())?.state !== "stopped") await delay(100);
  end();
  return path;
}

/** How many lines there are, each of whose number is one more than the one before. */
function numbersIn(path: string): number {
  const [, current = path, ...older] = logFamily(path);
  let next = 0;
  for (const file of [...older.reverse(), current]) {
    const text = readFileSync(file, "latin1");
    for (let at = 0; at < text.length; at += LINE) {
      const number = Number.parseInt(text.slice(at, at + 12));
      if (number !== next) throw new Error(`${file}: ${number} in place of ${next}`);
      next++;
    }
  }
  return next;
}
