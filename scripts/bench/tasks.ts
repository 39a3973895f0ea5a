import { delay } from "@std/async/delay";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import type { DaemonClient } from "../../src/client/daemon_client.ts";
import type { TaskInfo } from "../../src/protocol/methods/task_methods.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { residentMemory } from "./process_state.ts";
import { digits, machineLine, median, quantile } from "./support.ts";

// Tasks under the real daemon: from the request to the first event and to the running process, a thousand
// short ones through the queue beside the same command spawned directly, ten thousand in the history, and one
// that prints a million lines.
//
//     deno run -A scripts/bench/tasks.ts [ROUNDS]

const COMMAND = ["/bin/true"];
const SHORT = 1_000;
const IN_FLIGHT = 100;
/** What one request may name and one answer hold. */
const PAGE = 500;
const KEPT = 10_000;
const LINES = 1_000_000;
const rounds = Number(process.argv[2] ?? 200);

await using bench = await BenchDaemon.start(`
[tasks.loud]
run = ["seq", "1", "${LINES}"]
`);
const { cwd } = bench;
const daemon = await bench.connect();
const { pid } = daemon.ack;

console.log(`${machineLine()}; ${rounds} rounds, concurrency ${availableParallelism()}`);
await latency();
await throughput();
await history();
await loud();

function start(client: DaemonClient, task: Record<string, unknown> = { command: COMMAND }): Promise<string> {
  return client.request("task.start", { cwd, ...task }).then((data) => (data as TaskInfo).id);
}

/** What a subscriber sees, from just before the request. */
async function latency(): Promise<void> {
  const { subscription_id } = await daemon.request("events.subscribe", { types: ["task.*"] }) as {
    subscription_id: string;
  };
  const seen: { type: string; at: number }[] = [];
  let wake: () => void = () => {};
  const stop = daemon.onEvent(({ event = "" }) => {
    seen.push({ type: event, at: performance.now() });
    wake();
  });
  const first: number[] = [];
  const started: number[] = [];
  const spawned: number[] = [];
  for (let n = -20; n < rounds; n++) {
    spawned.push(await direct());
    seen.length = 0;
    const begun = performance.now();
    await start(daemon);
    while (!seen.some(({ type }) => type === "task.resumable")) {
      await new Promise<void>((resolve) => wake = resolve);
    }
    const at = (type: string) => (seen.find((one) => one.type === type)?.at ?? NaN) - begun;
    if (n < 0) continue;
    first.push(at("task.created"));
    started.push(at("task.started"));
  }
  stop();
  await daemon.request("events.unsubscribe", { subscription_id });
  row("start to the first event", first, "goal 5");
  row("start to the running process", started, "goal 10");
  row("the same, spawned directly, until it ended", spawned, "");
}

function row(name: string, values: readonly number[], goal: string): void {
  const text = `p50 ${digits(median(values))} ms, p99 ${digits(quantile(values, 0.99))}`;
  console.log(`${name.padEnd(44)} ${text}${goal === "" ? "" : ` (${goal})`}`);
}

/** Milliseconds of the command by itself. */
function direct(): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(COMMAND[0] ?? "", COMMAND.slice(1), { stdio: "ignore", detached: true });
    child.once("error", reject);
    child.once("exit", () => resolve(performance.now() - begun));
  });
}

async function throughput(): Promise<void> {
  const own: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < 3; round++) {
    let begun = performance.now();
    let left = SHORT;
    const spawner = async () => {
      while (left-- > 0) await direct();
    };
    await Promise.all(Array.from({ length: availableParallelism() }, spawner));
    plain.push((performance.now() - begun) / SHORT);
    begun = performance.now();
    await runShort(SHORT);
    own.push((performance.now() - begun) / SHORT);
  }
  const [queue, bare] = [median(own), median(plain)];
  console.log(
    `${SHORT} through the queue: ${digits(queue)} ms each, directly ${digits(bare)}, over it ${
      digits(queue - bare)
    } (goal 3)`,
  );
}

/** All asked for at once, as far as one connection may, and waited for together. */
async function runShort(count: number): Promise<void> {
  const ids: string[] = [];
  while (ids.length < count) {
    ids.push(...await Promise.all(Array.from({ length: IN_FLIGHT }, () => start(daemon))));
  }
  for (let from = 0; from < ids.length; from += PAGE) {
    await daemon.request("task.wait", { ids: ids.slice(from, from + PAGE) }, { timeoutMs: 120_000 });
  }
}

async function history(): Promise<void> {
  const before = await settledMemory();
  for (let done = 0; done < KEPT; done += SHORT) await runShort(SHORT);
  const after = await settledMemory();
  for (const wanted of [100, KEPT]) {
    const times = [];
    for (let n = 0; n < 20; n++) {
      const begun = performance.now();
      const listed = await list(wanted);
      times.push(performance.now() - begun);
      if (listed !== wanted) throw new Error(`${listed} tasks listed, not ${wanted}`);
    }
    row(`list ${wanted} of ${KEPT} and more`, times, wanted === 100 ? "goal 20" : "");
  }
  console.log(
    `daemon's memory before ${megabytes(before)} MB, after ${KEPT} tasks ${
      megabytes(after)
    }, after listing them ${megabytes(await settledMemory())}`,
  );
}

/** Some seconds later: the runtime gives memory back late. */
async function settledMemory(): Promise<number> {
  await delay(6_000);
  return residentMemory(pid);
}

/** Page by page, as `haft task list` does. */
async function list(wanted: number): Promise<number> {
  let found = 0;
  let from: { before?: string } | undefined = {};
  while (from !== undefined && found < wanted) {
    const page = { ...from, limit: Math.min(PAGE, wanted - found) };
    const { tasks, next } = await daemon.request("task.list", page) as {
      tasks: TaskInfo[];
      next: string | null;
    };
    found += tasks.length;
    from = next === null ? undefined : { before: next };
  }
  return found;
}

async function loud(): Promise<void> {
  const before = residentMemory(pid);
  const begun = performance.now();
  const id = await start(daemon, { name: "loud" });
  await daemon.request("task.wait", { ids: [id] }, { timeoutMs: 120_000 });
  const seconds = (performance.now() - begun) / 1000;
  const { task } = await daemon.request("task.status", { id }) as { task: TaskInfo };
  const lines = readFileSync(task.log, "utf8").trimEnd().split("\n");
  if (lines.length !== LINES || lines.at(-1) !== `${LINES}`) {
    throw new Error(`${task.log} has ${lines.length} lines, the last is ${lines.at(-1)}`);
  }
  console.log(
    `${LINES} lines in ${digits(seconds)} s, all in its log; daemon's memory grew by ${
      megabytes(residentMemory(pid) - before)
    } MB`,
  );
}

function megabytes(bytes: number): string {
  return digits(bytes / 1e6);
}
