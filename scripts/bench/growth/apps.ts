import { delay } from "@std/async/delay";
import { BenchDaemon } from "../bench_daemon.ts";
import { memoryOf, processorTimeDuring } from "../process_state.ts";
import { bench } from "../report/bench.ts";

// More and more apps that sleep under one daemon: starting them all, and asking for their status. Those of
// the last round stay, all daemons side by side, until they have come to rest: what each holds then, and its
// processor time while nothing happens.

const SIZES = [10, 50, 100, 250, 500];
/** Looks at what may have been missed become rare, and the runtime stops looking at its heap each second. */
const SETTLE_MS = 65_000;
/** Each has one of the looks that remain. */
const REST_MS = 30_000;
const RESTS = 2;
const ASKED = 9;
const MINUTE_MS = 60_000;

await bench({ rounds: 3 }, async function* (run) {
  const { rounds } = run;
  const sizes = run.sizes(SIZES);
  const found = sizes.map((size) => ({ size, start: [] as number[], status: [] as number[] }));
  for (let round = 1; round < rounds; round++) {
    for (const { size, ...times } of found) {
      await using _apps = await startApps(size, times);
    }
  }
  await using stack = new AsyncDisposableStack();
  const resting: Apps[] = [];
  for (const { size, ...times } of found) resting.push(stack.use(await startApps(size, times)));
  const along = "apps";
  for (const [key, title] of [["start", "starting them all"], ["status", "`app.status`"]] as const) {
    const points = found.map((one) => ({ size: one.size, values: one[key] }));
    yield { name: `grow.apps.${key}`, title, along, unit: "ms", expected: "linear", points };
  }
  await delay(SETTLE_MS);
  yield {
    name: "grow.apps.memory",
    title: "the daemon's memory, in no file",
    along,
    unit: "MB",
    expected: "linear",
    points: resting.map(({ size, pid }) => ({ size, values: [memoryOf(pid).own / 1e6] })),
  };
  const rest = resting.map(({ size }) => ({ size, values: [] as number[] }));
  for (let n = 0; n < RESTS; n++) {
    const used = await Promise.all(resting.map(({ pid }) => processorTimeDuring(pid, REST_MS)));
    for (const [at, ms] of used.entries()) rest[at]?.values.push(ms * MINUTE_MS / REST_MS);
  }
  yield {
    name: "grow.apps.rest",
    title: "processor time at rest",
    along,
    unit: "ms a minute",
    expected: "flat",
    points: rest,
  };
});

/** A daemon and its apps, all of which end with it. */
interface Apps extends AsyncDisposable {
  size: number;
  pid: number;
}

/** @param times get what was measured, in milliseconds */
async function startApps(size: number, times: { start: number[]; status: number[] }): Promise<Apps> {
  const tables = Array.from({ length: size }, (_, n) => `[apps.a${n}]\ncommand = ["/bin/sleep", "3600"]\n`);
  const bench = await BenchDaemon.start(tables.join(""));
  const daemon = await bench.connect();
  const scope = { root: bench.cwd };
  const begun = performance.now();
  await daemon.request("app.start", scope, { timeoutMs: 120_000 });
  times.start.push(performance.now() - begun);
  for (let n = 0; n < ASKED; n++) {
    const asked = performance.now();
    await daemon.request("app.status", scope);
    times.status.push(performance.now() - asked);
  }
  return {
    size,
    pid: daemon.ack.pid,
    async [Symbol.asyncDispose]() {
      await daemon.request("app.stop", scope, { timeoutMs: 120_000 });
      await bench[Symbol.asyncDispose]();
    },
  };
}
