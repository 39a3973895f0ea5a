import { delay } from "@std/async/delay";
import process from "node:process";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { processorTime, residentMemory } from "./process_state.ts";
import { digits, machineLine, median } from "./support.ts";

// 100 apps under the real daemon: how long it takes to start and to stop them all, what the daemon costs
// while they run, and how long from a crash to the new process.

const APPS = 100;
const tables = Array.from(
  { length: APPS },
  (_, n) => `[apps.a${n}]\ncommand = "sleep 3600"\nrestart = "always"\nbackoff = { initial = "0ms" }\n`,
);
await using bench = await BenchDaemon.start(tables.join(""));
const { cwd } = bench;
const daemon = await bench.connect();
const { pid } = daemon.ack;
// With what supervision itself needs already there.
await daemon.request("app.status", { root: cwd });
const before = residentMemory(pid);
const started = await timed(() => daemon.request("app.start", { root: cwd }));
const after = residentMemory(pid);
await delay(8_000);
const settled = residentMemory(pid);
const idle = await cpuShare(pid, 60_000);
const restarts = [];
for (let n = 0; n < 20; n++) restarts.push(await crashToRestart(`a${n}`));
const stopped = await timed(() => daemon.request("app.stop", { root: cwd }));
console.log(machineLine());
console.log(`start ${APPS} apps            ${Math.round(started)} ms (goal 2,000)`);
console.log(`stop ${APPS} apps             ${Math.round(stopped)} ms (goal: stop_timeout + 1,000)`);
console.log(
  `crash to the new process  ${digits(median(restarts))} ms, at most ${
    digits(Math.max(...restarts))
  } (goal 50)`,
);
console.log(`daemon's CPU, idle        ${digits(idle * 100)} % of a core (goal 1)`);
const perApp = (bytes: number) => Math.round((bytes - before) / APPS / 1024);
console.log(
  `daemon's memory per app   ${perApp(settled)} KB (goal 200); right after the start ${perApp(after)}`,
);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function pidOf(name: string): Promise<number | null> {
  const { apps: [app] } = await daemon.request("app.status", { root: cwd, names: [name] }) as {
    apps: AppStatus[];
  };
  return app?.instances[0]?.pid ?? null;
}

/** From the signal to the event that says that a new process runs. */
async function crashToRestart(name: string): Promise<number> {
  const old = await pidOf(name);
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = daemon.onEvent(({ event, data }) => {
    if (event === "app.process_started" && (data as { app: string }).app === name) resolve();
  });
  const { subscription_id } = await daemon.request("events.subscribe", {
    types: ["app.process_started"],
  }) as {
    subscription_id: string;
  };
  const begun = performance.now();
  process.kill(old ?? 0, "SIGKILL");
  await promise;
  const elapsed = performance.now() - begun;
  stop();
  await daemon.request("events.unsubscribe", { subscription_id });
  return elapsed;
}

/** Processor time over wall time. */
async function cpuShare(pid: number, ms: number): Promise<number> {
  const before = processorTime(pid);
  await delay(ms);
  return (processorTime(pid) - before) / (ms / 1000);
}
