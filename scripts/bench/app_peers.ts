import { delay } from "@std/async/delay";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { loadavg } from "node:os";
import process from "node:process";
import { Pty, Reader } from "./app_readers.ts";
import { haft, type Load, pm2, processCompose, type Supervisor } from "./app_supervisors.ts";
import { compileC } from "./native_program.ts";
import { builtProcessCompose } from "./process_compose.ts";
import { childrenTime, memoryOf, processorTime } from "./process_state.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, median } from "./support.ts";

// haft beside process-compose and pm2 on the same work, each by its own command line: apps that sleep are
// started in the background, asked about, restarted one at a time and stopped; what the supervisor takes
// meanwhile; 100,000 lines a second into a file and to a reader; and the screen under 10,000 lines a second.
// A busy machine changes processor time less than the clock, so both are printed, and the load with them.
//
//     deno run -A scripts/bench/app_peers.ts [APPS…]

const counts = process.argv.slice(2).map(Number);
const ROUNDS = 3;
const ASKED = 10;
/** Seconds. */
const REST = 60;
const LOG = { rate: 100_000, seconds: 5 };
const SCREEN = { rate: 10_000, seconds: 10 };
/** Bytes of a line. */
const LINE = 100;

using scratch = new Scratch();
const compose = await builtProcessCompose();
const lines = await compileC("lines", scratch.directory("lines"));
console.log(machineLine());
for (const count of counts.length === 0 ? [20, 200] : counts) {
  const sleepers = Array.from({ length: count }, (_, n) => `a${n}`);
  await eachOf({ sleepers, writer: undefined }, commands);
}
if (lines !== undefined) {
  const sleepers = Array.from({ length: 5 }, (_, n) => `a${n}`);
  await eachOf({ sleepers, writer: [lines, `${LOG.rate}`, `${LOG.seconds}`] }, logs);
  await eachOf({ sleepers, writer: [lines, `${SCREEN.rate}`, `${SCREEN.seconds * 3}`] }, screen);
}

/** One after the other, so that none costs another's time. */
async function eachOf(
  load: Load,
  measure: (supervisor: Supervisor, load: Load) => Promise<string[]>,
): Promise<void> {
  const makers = [
    () => haft(load),
    ...compose === undefined ? [] : [() => processCompose(load, compose, scratch.directory("compose"))],
    () => pm2(load, scratch.directory("pm2")),
  ];
  for (const make of makers) {
    const supervisor = await make();
    try {
      const before = loadavg()[0] ?? 0;
      const rows = await measure(supervisor, load);
      const what = load.writer === undefined ? `${load.sleepers.length} apps` : measure.name;
      console.log(`${supervisor.name}, ${what}, load ${digits(before)}`);
      for (const row of rows) console.log(`  ${row}`);
    } finally {
      await supervisor.end();
    }
  }
}

async function commands(supervisor: Supervisor, { sleepers }: Load): Promise<string[]> {
  const taken = new Map<string, { clock: number[]; processor: number[] }>();
  const note = async (what: string, work: () => Promise<void> | void) => {
    const known = taken.get(what) ?? { clock: [], processor: [] };
    const begun = { clock: performance.now(), processor: childrenTime() };
    await work();
    known.clock.push(performance.now() - begun.clock);
    known.processor.push((childrenTime() - begun.processor) * 1_000);
    taken.set(what, known);
  };
  // Some commands return before what they ask for is done.
  const running = async (count: number) => {
    while (sleepersIn(supervisor.cwd) !== count) await delay(10);
  };
  const start = async () => {
    supervisor.start();
    await running(sleepers.length);
  };
  const stop = async () => {
    supervisor.stop();
    await running(0);
  };
  for (let round = 0; round < ROUNDS; round++) {
    await note("start", start);
    for (let n = 0; n < ASKED; n++) {
      await note("version", () => void supervisor.run(supervisor.version));
      await note("status", () => void supervisor.run(supervisor.status));
    }
    await note("restart of one", () => supervisor.restart("a1"));
    if (round < ROUNDS - 1) await note("stop", stop);
  }
  const pid = await supervisor.pid();
  await delay(REST / 3 * 1_000);
  const used = processorTime(pid);
  await delay(REST * 1_000);
  const rest = processorTime(pid) - used;
  const memory = memoryOf(pid);
  await note("stop", stop);
  // The kernel counts in ticks of 10 ms, so that only the mean of many is a figure.
  const mean = (what: string) => {
    const { processor = [] } = taken.get(what) ?? {};
    return processor.reduce((sum, one) => sum + one, 0) / processor.length;
  };
  return [
    ...[...taken].map(([what, { clock }]) =>
      `${what.padEnd(16)} ${digits(median(clock))} ms, ${digits(mean(what))} ms of processor time`
    ),
    `status is ${digits(mean("status") / mean("version"))} times its --version by processor time`,
    `memory           ${digits(memory.resident / 1e6)} MB resident, ${
      digits(memory.own / 1e6)
    } MB of it anonymous`,
    `at rest          ${digits(rest * 1_000)} ms of processor time in ${REST} s`,
  ];
}

async function logs(supervisor: Supervisor): Promise<string[]> {
  supervisor.start();
  const pid = await supervisor.pid();
  const total = LOG.rate * LOG.seconds;
  const rows: string[] = [];
  for (const reads of [false, true]) {
    rmSync(supervisor.log, { force: true });
    const reader = reads ? new Reader(supervisor) : undefined;
    if (reader !== undefined) await delay(3_000);
    const begun = { clock: performance.now(), processor: processorTime(pid) };
    const readerBegun = reader?.processor() ?? 0;
    supervisor.startWriter();
    const limit = performance.now() + LOG.seconds * 12_000;
    const isDone = () => reader === undefined ? fileLines(supervisor.log) >= total : reader.lines >= total;
    while (!isDone() && performance.now() < limit) await delay(50);
    const seconds = (performance.now() - begun.clock) / 1_000;
    const used = processorTime(pid) - begun.processor + (reader?.processor() ?? 0) - readerBegun;
    const got = reader === undefined ? fileLines(supervisor.log) : reader.lines;
    rows.push(
      `${reads ? "to a reader" : "into a file"}: ${got.toLocaleString("en")} of ${
        total.toLocaleString("en")
      } in ${digits(seconds)} s, ${digits(used)} s of processor time`,
    );
    reader?.end();
    // Its last pause, before it may be started once more.
    await delay(2_000);
  }
  supervisor.stop();
  return rows;
}

async function screen(supervisor: Supervisor): Promise<string[]> {
  const { screen: argv } = supervisor;
  if (argv === undefined) return ["no screen"];
  supervisor.start();
  const pid = await supervisor.pid();
  const view = new Pty(argv, supervisor, scratch.directory("pty"));
  await delay(3_000);
  const idle = { view: view.processor(), daemon: processorTime(pid) };
  await delay(5_000);
  const idled = { view: view.processor() - idle.view, daemon: processorTime(pid) - idle.daemon };
  supervisor.startWriter();
  await delay(1_000);
  const begun = {
    view: view.processor(),
    daemon: processorTime(pid),
    bytes: view.bytes,
    pieces: view.pieces,
  };
  await delay(SCREEN.seconds * 1_000);
  const used = { view: view.processor() - begun.view, daemon: processorTime(pid) - begun.daemon };
  const per = (amount: number) => digits(amount / SCREEN.seconds);
  const share = (seconds: number, of: number) => `${digits(seconds / of * 100)} %`;
  const memory = memoryOf(view.pid()).resident;
  const rows = [
    `idle: client ${share(idled.view, 5)} of a core, supervisor ${share(idled.daemon, 5)}`,
    `${SCREEN.rate.toLocaleString("en")} lines/s: client ${
      share(used.view, SCREEN.seconds)
    } of a core, supervisor ${share(used.daemon, SCREEN.seconds)}, ${
      per((view.bytes - begun.bytes) / 1_000)
    } KB and ${per(view.pieces - begun.pieces)} writes a second`,
    `client's memory ${digits(memory / 1e6)} MB`,
  ];
  view.end();
  supervisor.stopWriter();
  supervisor.stop();
  return rows;
}

/** How many apps of a supervisor run: all of them run in its directory. */
function sleepersIn(directory: string): number {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === directory &&
        readFileSync(`/proc/${name}/cmdline`, "utf8").endsWith("sleep\x003600\x00");
    } catch {
      return false;
    }
  }).length;
}

function fileLines(path: string): number {
  return existsSync(path) ? Math.floor(statSync(path).size / LINE) : 0;
}
