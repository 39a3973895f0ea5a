/**
 * The tasks' memory, one SQLite file that outlives the daemon: tasks, their messages, the ends that durable
 * subscribers have yet to acknowledge, and fingerprints of inputs and outputs.
 */
import { fitting } from "./fitting.ts";
import { forgetOld } from "./forget_old.ts";
import { TaskDatabase } from "./task_database.ts";
import type { Ending } from "./transitions.ts";
import { errorMessage } from "../base/errors.ts";
import { pause, systemClock } from "../process/clock.ts";
import type { TaskInfo, TaskMessage, TaskState } from "../protocol/methods/task_methods.ts";

/** A task with what its next run needs. */
export interface StoredTask {
  info: TaskInfo;
  /** What its start asked for, to run it again. */
  request: TaskRequest;
  /** Its process, while it runs: pid, start time and boot id. */
  process: { pid: number; startTime: string; bootId: string; marker: string } | null;
  /** The boot in which it was queued; it keeps its place in the queue until the next boot. */
  bootId?: string;
  /** Which of its commands runs, counted from 0, and how many it had when it was started. */
  command?: { index: number; of: number } | undefined;
  /** Retries count from this attempt; its first one where that is missing. */
  firstAttempt?: number | undefined;
  /** When its next attempt is due, in milliseconds since 1970. */
  retryAt?: number | undefined;
  /** Set while it is being ended. */
  ending?: Ending | undefined;
}

export interface TaskRequest {
  command: string[] | null;
  text: string | null;
  images: string[];
  configuration: Record<string, unknown>;
  cwd: string;
  /** Words after the task's name. */
  args?: string[];
  force?: boolean;
}

export interface FinalEvent {
  id: number;
  type: "task.completed" | "task.aborted";
  time: number;
  data: unknown;
}

export interface HistoryLimits {
  /** How many ended tasks are kept; the oldest go first. */
  tasks: number;
  /** Milliseconds that an ended task is kept. */
  age: number;
  /** How many messages of one task are kept; the oldest go first. */
  messages: number;
}

const LIMITS: HistoryLimits = { tasks: 20_000, age: 90 * 24 * 60 * 60 * 1000, messages: 1_000 };

/** Each migrates the file from the version before. */
const MIGRATIONS = [
  `CREATE TABLE tasks (
     id TEXT PRIMARY KEY, root TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL,
     ended_at INTEGER, json TEXT NOT NULL
   );
   CREATE INDEX tasks_created ON tasks (created_at);
   CREATE INDEX tasks_root ON tasks (root, created_at);
   CREATE INDEX tasks_state ON tasks (state);
   CREATE TABLE messages (task TEXT NOT NULL, seq INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (task, seq));
   CREATE TABLE finals (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, time INTEGER NOT NULL, json TEXT NOT NULL);
   CREATE TABLE durable (name TEXT PRIMARY KEY, acknowledged INTEGER NOT NULL);
   CREATE TABLE fingerprints (root TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (root, name));`,
  // Each list is one of these indexes read from its end: within equal keys they are in the rows' order.
  `DROP INDEX tasks_root;
   CREATE INDEX tasks_root ON tasks (root);
   CREATE INDEX tasks_root_state ON tasks (root, state);`,
];

/** Of a core that forgetting what is old may take, so that a long history does not slow the daemon down. */
const SHARE = 0.2;
/** Milliseconds between two steps, at least: while tasks are written they come first. */
const PAUSE_MS = 5;
const PAUSE_FOR_TASKS_MS = 100;

export class History implements Disposable {
  readonly #database: TaskDatabase;
  readonly #limits: HistoryLimits;
  readonly #onProblem: (text: string) => void;
  #writes = 0;
  #uncommitted = false;
  #pruning: Promise<void> | undefined;
  readonly #closed = new AbortController();

  /** @param onProblem gets failures of writes that no caller waits for */
  constructor(
    path: string,
    limits: Partial<HistoryLimits> = {},
    onProblem: (text: string) => void = () => {},
  ) {
    this.#onProblem = onProblem;
    this.#limits = { ...LIMITS, ...limits };
    this.#database = new TaskDatabase(path, MIGRATIONS);
  }

  put(task: StoredTask): void {
    const { info, request, process, bootId, command, firstAttempt, retryAt, ending } = task;
    this.#database.run(
      "INSERT INTO tasks (id, root, state, created_at, ended_at, json) VALUES (?, ?, ?, ?, ?, ?) " +
        "ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_at = excluded.ended_at, json = excluded.json",
      info.id,
      info.root,
      info.state,
      info.created_at,
      info.ended_at,
      JSON.stringify({ info, request, process, bootId, command, firstAttempt, retryAt, ending }),
    );
    if (++this.#writes % 1_000 === 0) void this.prune();
  }

  get(id: string): StoredTask | undefined {
    const row = this.#database.get("SELECT json FROM tasks WHERE id = ?", id);
    return row === undefined ? undefined : parsed<StoredTask>(row)[0];
  }

  /** Newest first, older than `before`. */
  list({ root, states, before, limit }: {
    root?: string | undefined;
    states?: readonly TaskState[] | undefined;
    before?: string | undefined;
    limit: number;
  }): StoredTask[] {
    // One query a state, since an index has the rows of one state in their order, and of several not.
    const pages = (states ?? [undefined]).map((state) => this.#page({ root, state, before, limit }));
    const [only = []] = pages;
    const rows = pages.length === 1
      ? only
      : pages.flat().toSorted((a, b) => Number(b["rowid"]) - Number(a["rowid"])).slice(0, limit);
    return rows.flatMap(parsed<StoredTask>);
  }

  #page({ root, state, before, limit }: {
    root: string | undefined;
    state: TaskState | undefined;
    before: string | undefined;
    limit: number;
  }): Record<string, unknown>[] {
    const where = [
      ...(root === undefined ? [] : ["root = ?"]),
      ...(state === undefined ? [] : ["state = ?"]),
      ...(before === undefined ? [] : ["rowid < (SELECT rowid FROM tasks WHERE id = ?)"]),
    ];
    const condition = where.length === 0 ? "" : `WHERE ${where.join(" AND ")} `;
    const parameters = [root, state, before].filter((one) => one !== undefined);
    return this.#database.all(
      `SELECT rowid, json FROM tasks ${condition}ORDER BY rowid DESC LIMIT ?`,
      ...parameters,
      limit,
    );
  }

  remove(id: string): void {
    this.#database.run("DELETE FROM tasks WHERE id = ?", id);
    this.#database.run("DELETE FROM messages WHERE task = ?", id);
  }

  /**
   * Commits the messages of one turn of the event loop together; one by one they would cost ten times as
   * much.
   */
  addMessage(task: string, message: Omit<TaskMessage, "seq">): TaskMessage {
    this.#begin();
    const last = this.#database.get("SELECT MAX(seq) AS seq FROM messages WHERE task = ?", task);
    const whole: TaskMessage = { seq: Number(last?.["seq"] ?? 0) + 1, ...message };
    this.#database.run(
      "INSERT INTO messages (task, seq, json) VALUES (?, ?, ?)",
      task,
      whole.seq,
      JSON.stringify(whole),
    );
    // One deletion for many messages is cheaper than one for each.
    const { messages } = this.#limits;
    if (whole.seq > messages && whole.seq % Math.ceil(messages / 10) === 0) {
      this.#database.run("DELETE FROM messages WHERE task = ? AND seq <= ?", task, whole.seq - messages);
    }
    return whole;
  }

  /** The newest `limit` messages that fit into one frame, oldest first. */
  messages(task: string, limit = this.#limits.messages): TaskMessage[] {
    const rows = this.#database.all(
      "SELECT json FROM messages WHERE task = ? ORDER BY seq DESC LIMIT ?",
      task,
      limit,
    );
    return fitting(rows.map((row) => String(row["json"]))).reverse().flatMap((json) =>
      parsed<TaskMessage>({ json })
    );
  }

  addFinal(event: Omit<FinalEvent, "id">): number {
    const { lastInsertRowid } = this.#database.run(
      "INSERT INTO finals (type, time, json) VALUES (?, ?, ?)",
      event.type,
      event.time,
      JSON.stringify(event.data),
    );
    return Number(lastInsertRowid);
  }

  /** Oldest first, as many as fit into one frame. A new subscriber begins with the next end. */
  finals(durable: string, limit: number): FinalEvent[] {
    this.#database.run(
      "INSERT OR IGNORE INTO durable (name, acknowledged) SELECT ?, COALESCE(MAX(id), 0) FROM finals",
      durable,
    );
    const rows = this.#database.all(
      "SELECT id, type, time, json FROM finals WHERE id > (SELECT acknowledged FROM durable WHERE name = ?) " +
        "ORDER BY id LIMIT ?",
      durable,
      limit,
    );
    const fit = fitting(rows.map((row) => String(row["json"]))).length;
    return rows.slice(0, fit).flatMap((row) =>
      parsed<unknown>(row).map((data) => ({
        id: Number(row["id"]),
        type: row["type"] as FinalEvent["type"],
        time: Number(row["time"]),
        data,
      }))
    );
  }

  /** @returns the last acknowledged id: it never goes back, nor beyond the last event that there was */
  acknowledge(durable: string, id: number): number {
    this.#database.run(
      "INSERT INTO durable (name, acknowledged) VALUES (" +
        "?, MIN(?, COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'finals'), 0))) " +
        "ON CONFLICT (name) DO UPDATE SET acknowledged = MAX(acknowledged, excluded.acknowledged)",
      durable,
      id,
    );
    const row = this.#database.get("SELECT acknowledged FROM durable WHERE name = ?", durable);
    return Number(row?.["acknowledged"] ?? 0);
  }

  /**
   * Forgets tasks that ended long ago, and the oldest when there are too many. Resolves when that is done, or
   * the history was closed; while it is on its way, further calls wait for the same.
   */
  prune(now: number = Date.now()): Promise<void> {
    this.#pruning ??= this.#prune(now)
      .catch((error) => this.#onProblem(`old tasks are not forgotten: ${errorMessage(error)}`))
      .finally(() => this.#pruning = undefined);
    return this.#pruning;
  }

  async #prune(now: number): Promise<void> {
    const { tasks, age } = this.#limits;
    const database = this.#database;
    const steps = forgetOld(
      {
        run: (sql, ...parameters) => {
          this.#begin();
          return database.run(sql, ...parameters);
        },
        get: (sql, ...parameters) => database.get(sql, ...parameters),
        all: (sql, ...parameters) => database.all(sql, ...parameters),
      },
      { before: now - age, tasks },
    );
    const { signal } = this.#closed;
    let writes = this.#writes;
    // A daemon that starts, and clients that wait for it, come first.
    await pause(systemClock, PAUSE_FOR_TASKS_MS, signal);
    for (;;) {
      const begun = systemClock.monotonic();
      if (signal.aborted || steps.next().done === true) return;
      // The commit, too, which writes the most.
      await Promise.resolve();
      const took = systemClock.monotonic() - begun;
      const least = writes === this.#writes ? PAUSE_MS : PAUSE_FOR_TASKS_MS;
      writes = this.#writes;
      await pause(systemClock, Math.max(least, took * (1 / SHARE - 1)), signal);
    }
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#commit();
    this.#database[Symbol.dispose]();
  }

  #begin(): void {
    if (this.#uncommitted) return;
    this.#database.begin();
    this.#uncommitted = true;
    queueMicrotask(() => this.#commit());
  }

  #commit(): void {
    if (!this.#uncommitted) return;
    this.#uncommitted = false;
    try {
      this.#database.commit();
    } catch (error) {
      this.#onProblem(`what tasks said was not kept: ${errorMessage(error)}`);
    }
  }
}

/** What a row has as JSON; nothing when that is damaged, so that one row does not hide the others. */
function parsed<T>({ json }: Record<string, unknown>): T[] {
  try {
    return [JSON.parse(String(json))];
  } catch {
    return [];
  }
}
