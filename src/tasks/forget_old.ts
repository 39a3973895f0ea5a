/**
 * What the history forgets: tasks that ended long ago, the oldest when there are too many, and with them what
 * they said. A history that is far too long, or was not opened for months, has hundreds of thousands of them,
 * and SQLite deletes 50,000 a second; so this goes in small steps, and the daemon answers in between.
 */
import type { SqlValue } from "./task_database.ts";

/** The database as the steps need it. */
export interface Rows {
  run(sql: string, ...parameters: SqlValue[]): { changes: number | bigint };
  get(sql: string, ...parameters: SqlValue[]): Record<string, unknown> | undefined;
  all(sql: string, ...parameters: SqlValue[]): Record<string, unknown>[];
}

/** Rows in one step, and messages of tasks among them, which are a few milliseconds' work. */
const STEP = 100;
const STEP_MESSAGES = 1_000;
/** Rows that are counted in one step. */
const STEP_COUNTED = 1_000;

const ENDED = "state NOT IN ('queued', 'running')";

/**
 * @param rows the statements of a step belong into one transaction
 * @param limits.before milliseconds since 1970: what is older goes
 * @param limits.tasks how many tasks stay
 */
export function* forgetOld(rows: Rows, limits: { before: number; tasks: number }): Generator<void> {
  const { before, tasks } = limits;
  yield* forgetTasks(rows, `created_at < ? AND ${ENDED} ORDER BY created_at`, before);
  const surplus = yield* newestSurplus(rows, tasks);
  if (surplus !== undefined) yield* forgetTasks(rows, `rowid <= ? AND ${ENDED} ORDER BY rowid`, surplus);
  yield* forgetFinals(rows, before);
  yield* forgetLateMessages(rows);
}

/**
 * The row of the newest task that is one too many. To count 20,000 rows is to read 11 MB of the file, which
 * is done in steps, too.
 */
function* newestSurplus(rows: Rows, tasks: number): Generator<void, number | undefined> {
  const older = "SELECT rowid AS row FROM tasks WHERE rowid < ? ORDER BY rowid DESC LIMIT 1 OFFSET ?";
  let row = Number.MAX_SAFE_INTEGER;
  for (let left = tasks + 1; left > 0; left -= STEP_COUNTED) {
    const found = rows.get(older, row, Math.min(left, STEP_COUNTED) - 1);
    if (found === undefined) return undefined;
    row = Number(found["row"]);
    yield;
  }
  return row;
}

function* forgetTasks(rows: Rows, which: string, parameter: SqlValue): Generator<void> {
  for (;;) {
    const found = rows.all(`SELECT id FROM tasks WHERE ${which} LIMIT ${STEP}`, parameter);
    let messages = 0;
    for (const { id } of found) {
      rows.run("DELETE FROM tasks WHERE id = ?", String(id));
      messages += Number(rows.run("DELETE FROM messages WHERE task = ?", String(id)).changes);
      if (messages < STEP_MESSAGES) continue;
      messages = 0;
      yield;
    }
    if (found.length < STEP) return;
    yield;
  }
}

/** From the oldest on, up to those that are young enough. */
function* forgetFinals(rows: Rows, before: number): Generator<void> {
  for (let after = 0;;) {
    const found = rows.all(`SELECT id, time FROM finals WHERE id > ? ORDER BY id LIMIT ${STEP}`, after);
    const last = found.findLast(({ time }) => Number(time) < before)?.["id"];
    if (last === undefined) return;
    rows.run("DELETE FROM finals WHERE id > ? AND id <= ? AND time < ?", after, Number(last), before);
    after = Number(last);
    yield;
  }
}

/** Of tasks that were closed while they were still saying something. */
function* forgetLateMessages(rows: Rows): Generator<void> {
  const next = "SELECT task, EXISTS (SELECT 1 FROM tasks WHERE id = task) AS known FROM messages " +
    "WHERE task > ? ORDER BY task LIMIT 1";
  let after = "";
  for (let step = 1;; step++) {
    const found = rows.get(next, after);
    if (found === undefined) return;
    after = String(found["task"]);
    if (Number(found["known"]) === 0) rows.run("DELETE FROM messages WHERE task = ?", after);
    if (step % STEP === 0) yield;
  }
}
