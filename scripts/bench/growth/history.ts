import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BenchDaemon } from "../bench_daemon.ts";
import { bench } from "../report/bench.ts";

// A history of more and more tasks, by the real daemon: its start until it answers, the newest 100 of one
// project, one task, and a further task until it has ended. The daemon keeps 20,000 and forgets the rest
// of a larger history little by little, while all of this is timed. History is made by copies of one task's
// row.

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
/** Milliseconds between two tasks: all of them are younger than what the daemon forgets. */
const APART_MS = 1_000;

await bench({ rounds: 3 }, async function* (run) {
  const { rounds } = run;
  const sizes = run.sizes(SIZES);
  const found = sizes.map((size) => ({
    size,
    start: [] as number[],
    list: [] as number[],
    status: [] as number[],
    run: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { size, start, list, status, run } of found) {
      const one = await withHistory(size);
      start.push(one.start);
      list.push(...one.list);
      status.push(...one.status);
      run.push(...one.run);
    }
  }
  const common = { along: "tasks in the history", unit: "ms" } as const;
  const points = (of: "start" | "list" | "status" | "run") =>
    found.map((one) => ({ size: one.size, values: one[of] }));
  yield {
    ...common,
    name: "grow.history.start",
    title: "the daemon's start",
    expected: "flat",
    points: points("start"),
  };
  yield {
    ...common,
    name: "grow.history.list",
    title: "`task.list`, the newest 100",
    expected: "flat",
    points: points("list"),
  };
  yield {
    ...common,
    name: "grow.history.status",
    title: "`task.status`",
    expected: "flat",
    points: points("status"),
  };
  yield {
    ...common,
    name: "grow.history.run",
    title: "a task to its end",
    expected: "flat",
    points: points("run"),
  };
});

async function withHistory(size: number) {
  await using bench = await BenchDaemon.start("");
  const id = bench.haft("task", "start", "--", "true").trim();
  bench.haft("task", "wait", id);
  bench.haft("daemon", "stop");
  fill(join(bench.cwd, "home", "state", "tasks", "history.db"), size);
  const begun = performance.now();
  bench.haft("daemon", "start");
  const start = performance.now() - begun;
  const daemon = await bench.connect();
  const timed = async (work: () => Promise<unknown>) => {
    const values: number[] = [];
    for (let n = 0; n < 9; n++) {
      const asked = performance.now();
      await work();
      values.push(performance.now() - asked);
    }
    return values;
  };
  const list = await timed(async () => {
    const { tasks } = await daemon.request("task.list", { cwd: bench.cwd, limit: 100 });
    if (tasks.length !== 100) throw new Error(`${tasks.length} tasks`);
  });
  const status = await timed(() => daemon.request("task.status", { id }));
  const run = await timed(async () => {
    const { id } = await daemon.request("task.start", { cwd: bench.cwd, command: ["/bin/true"] });
    await daemon.request("task.wait", { ids: [id] });
  });
  return { start, list, status, run };
}

/** Copies the one task that there is, which stays the newest, until there are so many. */
function fill(path: string, size: number): void {
  using database = new DatabaseSync(path);
  database.exec(`
    BEGIN;
    CREATE TEMP TABLE kept AS SELECT * FROM tasks;
    DELETE FROM tasks;
    WITH RECURSIVE numbers(n) AS (SELECT ${size - 1} UNION ALL SELECT n - 1 FROM numbers WHERE n > 1)
      INSERT INTO tasks (id, root, state, created_at, ended_at, json)
      SELECT printf('%012x', n), root, state, created_at - n * ${APART_MS}, ended_at - n * ${APART_MS},
        replace(json, id, printf('%012x', n)) FROM numbers, kept;
    INSERT INTO tasks (id, root, state, created_at, ended_at, json)
      SELECT id, root, state, created_at, ended_at, json FROM kept;
    COMMIT;
    DROP TABLE kept;
  `);
}
