import { delay } from "@std/async/delay";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BenchDaemon } from "../bench_daemon.ts";
import { memoryOf, openDescriptors } from "../process_state.ts";
import { bench } from "../report/bench.ts";

// A daemon that watches more and more projects: what it holds, and the time from a change of one project's
// haft.toml to the event that tells of it.

const SIZES = [1, 10, 100, 300, 1_000];
const SETTLE_MS = 3_000;
const CHANGES = 15;
/** A change without an event by then is lost. */
const LOST_MS = 20_000;

await bench({ rounds: 3 }, async function* (run) {
  const { rounds } = run;
  const sizes = run.sizes(SIZES);
  const found = sizes.map((size) => ({
    size,
    memory: [] as number[],
    descriptors: [] as number[],
    notice: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { size, memory, descriptors, notice } of found) {
      const one = await watching(size);
      memory.push(one.memory);
      descriptors.push(one.descriptors);
      notice.push(...one.notice);
    }
  }
  const along = "projects watched";
  const points = (of: "memory" | "descriptors" | "notice") =>
    found.map((one) => ({ size: one.size, values: one[of] }));
  yield {
    name: "grow.projects.memory",
    title: "the daemon's memory, in no file",
    along,
    unit: "MB",
    expected: "linear",
    points: points("memory"),
  };
  yield {
    name: "grow.projects.descriptors",
    title: "open descriptors",
    along,
    unit: "descriptors",
    expected: "flat",
    points: points("descriptors"),
  };
  yield {
    name: "grow.projects.notice",
    title: "from a change to its event",
    along,
    unit: "ms",
    expected: "flat",
    points: points("notice"),
  };
});

async function watching(size: number) {
  await using bench = await BenchDaemon.start("");
  const daemon = await bench.connect();
  const { pid } = daemon.ack;
  const roots = Array.from({ length: size }, (_, n) => join(bench.cwd, `project-${n}`));
  for (const cwd of roots) {
    mkdirSync(cwd);
    writeFileSync(join(cwd, "haft.toml"), "[tools]\n");
    await daemon.request("runtime.list", { cwd });
  }
  await delay(SETTLE_MS);
  const memory = memoryOf(pid).own / 1e6;
  const descriptors = openDescriptors(pid);
  await daemon.request("events.subscribe", { types: ["config.changed"] });
  const notice: number[] = [];
  for (let n = 0; n < CHANGES; n++) {
    const path = join(roots[n * 7 % size] ?? "", "haft.toml");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const lost = setTimeout(() => reject(new Error(`A change of 1 of ${size} projects was lost`)), LOST_MS);
    const stop = daemon.onEvent(({ event, data }) => {
      if (event === "config.changed" && data.path === path) resolve();
    });
    const begun = performance.now();
    writeFileSync(path, `[tools]\n# ${n}\n`);
    await promise;
    clearTimeout(lost);
    notice.push(performance.now() - begun);
    stop();
  }
  return { memory, descriptors, notice };
}
