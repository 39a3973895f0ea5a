import { delay } from "@std/async/delay";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DaemonClient } from "../../../src/client/daemon_client.ts";
import { BenchDaemon } from "../bench_daemon.ts";
import { memoryOf, openDescriptors } from "../process_state.ts";
import { bench } from "../report/bench.ts";

// A daemon that watches more and more projects: what it holds, and the time from a change of one project's
// haft.toml to the event that tells of it. One daemon a round, which is asked about further projects until it
// has so many.

const SIZES = [1, 10, 100, 300, 1_000];
/** Until the daemon has given back what the asking left. */
const SETTLE_MS = 5_000;
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
    await using bench = await BenchDaemon.start("");
    const asking = await bench.connect();
    const hearing = await bench.connect();
    await hearing.request("events.subscribe", { types: ["config.changed"] });
    const { pid } = asking.ack;
    const files: string[] = [];
    for (const { size, memory, descriptors, notice } of found) {
      while (files.length < size) {
        const cwd = join(bench.cwd, `project-${files.length}`);
        const file = join(cwd, "haft.toml");
        mkdirSync(cwd);
        writeFileSync(file, "[tools]\n");
        await asking.request("runtime.list", { cwd });
        files.push(file);
      }
      await delay(SETTLE_MS);
      memory.push(memoryOf(pid).own / 1e6);
      descriptors.push(openDescriptors(pid));
      for (let n = 0; n < CHANGES; n++) notice.push(await noticed(hearing, files[n * 7 % size] ?? "", n));
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

/** Milliseconds from a change of the file to its event. @throws {Error} when there is none */
async function noticed(daemon: DaemonClient, file: string, change: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lost = setTimeout(() => reject(new Error(`A change of "${file}" was not told`)), LOST_MS);
  const stop = daemon.onEvent(({ event, data }) => {
    if (event === "config.changed" && data.path === file) resolve();
  });
  try {
    const begun = performance.now();
    writeFileSync(file, `[tools]\n# ${change} ${begun}\n`);
    await promise;
    return performance.now() - begun;
  } finally {
    clearTimeout(lost);
    stop();
  }
}
