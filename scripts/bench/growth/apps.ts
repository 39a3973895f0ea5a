import { delay } from "@std/async/delay";
import { BenchDaemon } from "../bench_daemon.ts";
import { memoryOf, processorTime } from "../process_state.ts";
import { bench } from "../report/bench.ts";

// More and more apps that sleep under one daemon: starting them all, asking for their status, what the daemon
// holds, and its processor time while nothing happens. An idle daemon uses none that can be measured.

const SIZES = [10, 50, 100, 250, 500];
const SETTLE_MS = 8_000;
const REST_MS = 10_000;
const ASKED = 9;

await bench({ rounds: 3 }, async function* (run) {
  const { rounds } = run;
  const sizes = run.sizes(SIZES);
  const found = sizes.map((size) => ({
    size,
    start: [] as number[],
    status: [] as number[],
    memory: [] as number[],
    rest: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { size, start, status, memory, rest } of found) {
      const one = await running(size);
      start.push(one.start);
      status.push(...one.status);
      memory.push(one.memory);
      rest.push(one.rest);
    }
  }
  const points = (of: "start" | "status" | "memory" | "rest") =>
    found.map((one) => ({ size: one.size, values: one[of] }));
  const common = { along: "apps", expected: "linear" } as const;
  yield {
    ...common,
    name: "grow.apps.start",
    title: "starting them all",
    unit: "ms",
    points: points("start"),
  };
  yield { ...common, name: "grow.apps.status", title: "`app.status`", unit: "ms", points: points("status") };
  yield {
    ...common,
    name: "grow.apps.memory",
    title: "the daemon's memory, in no file",
    unit: "MB",
    points: points("memory"),
  };
  yield {
    name: "grow.apps.rest",
    title: "processor time at rest",
    along: "apps",
    unit: "ms a minute",
    expected: "flat",
    points: points("rest"),
  };
});

async function running(size: number) {
  const tables = Array.from({ length: size }, (_, n) => `[apps.a${n}]\ncommand = ["/bin/sleep", "3600"]\n`);
  await using bench = await BenchDaemon.start(tables.join(""));
  const daemon = await bench.connect();
  const { pid } = daemon.ack;
  const scope = { root: bench.cwd };
  const begun = performance.now();
  await daemon.request("app.start", scope, { timeoutMs: 120_000 });
  const start = performance.now() - begun;
  const status: number[] = [];
  for (let n = 0; n < ASKED; n++) {
    const asked = performance.now();
    await daemon.request("app.status", scope);
    status.push(performance.now() - asked);
  }
  await delay(SETTLE_MS);
  const memory = memoryOf(pid).own / 1e6;
  const before = processorTime(pid);
  await delay(REST_MS);
  const rest = (processorTime(pid) - before) * 1_000 * 60_000 / REST_MS;
  await daemon.request("app.stop", scope, { timeoutMs: 120_000 });
  return { start, status, memory, rest };
}
