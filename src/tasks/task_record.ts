import { randomId } from "../base/random_id.ts";
import type { AbortReason, SkipReason, TaskInfo, TaskState } from "../protocol/methods/task_methods.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { Execution } from "./execution.ts";
import type { StoredTask, TaskRequest } from "./history.ts";
import type { Ending } from "./transitions.ts";

/** How a task ended. */
export interface TaskEnd {
  state: TaskState;
  exitCode: number | null;
  result?: unknown;
  skipped?: SkipReason | null;
  reason?: AbortReason;
  error?: string | null;
  /** When it ended, in milliseconds since 1970, where that is not now. */
  endedAt?: number | undefined;
}

export interface StartTask {
  cwd: string;
  name?: string | undefined;
  command?: string[] | undefined;
  text?: string | undefined;
  images?: string[] | undefined;
  configuration?: Record<string, unknown> | undefined;
  /** Words after the task's name. */
  args?: string[] | undefined;
  /** Runs it although nothing changed. */
  force?: boolean | undefined;
  /** The caller's environment. It is kept in memory alone, for as long as the task lives. */
  env?: Record<string, string> | undefined;
}

/**
 * A task that is queued or runs: what the history keeps of it, and what only this daemon knows. Every {@link
 * TaskInfo} is made here; each step of a task's life is a method.
 */
export class TaskRecord implements StoredTask {
  readonly bootId: string;
  readonly request: TaskRequest;
  /** A resumed task may be retried as often as at first, so retries count from this attempt. */
  readonly firstAttempt: number;
  /** The caller's environment; undefined where that is unknown. No file ever holds it. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  execution: Execution | undefined;
  /** The first reason to end it counts. */
  ending: Ending | undefined;
  /** Set while it waits for its next attempt. */
  retry: Disposable | undefined;
  /** When that is due, in milliseconds since 1970. */
  retryAt: number | undefined;
  /** Resolves when the command that is being started is recorded. */
  starting: Promise<unknown> | undefined;
  #command: StoredTask["command"];
  #info: TaskInfo;
  #process: StoredTask["process"];

  private constructor(
    { info, request, process, command, firstAttempt, retryAt, ending }: StoredTask,
    bootId: string,
    environment?: Readonly<Record<string, string>>,
  ) {
    this.environment = environment;
    this.#info = info;
    this.request = request;
    this.#process = process;
    this.bootId = bootId;
    this.firstAttempt = firstAttempt ?? info.attempt;
    this.#command = command;
    this.retryAt = retryAt;
    this.ending = ending;
  }

  /** A new task. @param logs the directory of the tasks' logs */
  static create(
    { name, command, text, images, configuration, cwd, args, force, env }: StartTask,
    { root, clientId, bootId, logs }: { root: string; clientId: string | null; bootId: string; logs: string },
  ): TaskRecord {
    const id = randomId();
    const info: TaskInfo = {
      id,
      name: name ?? null,
      root,
      state: "queued",
      reason: null,
      error: null,
      attempt: 1,
      skipped: false,
      skip_reason: null,
      exit_code: null,
      pid: null,
      result: null,
      text: text ?? null,
      client_id: clientId,
      created_at: Date.now(),
      started_at: null,
      ended_at: null,
      log: `${logs}/${id}.log`,
    };
    const request: TaskRequest = {
      command: command ?? null,
      text: text ?? null,
      images: images ?? [],
      configuration: configuration ?? {},
      cwd,
      args: args ?? [],
      force: force ?? false,
    };
    return new TaskRecord({ info, request, process: null }, bootId, env);
  }

  /**
   * A task that an earlier daemon left unfinished. @param environment its caller's, where it was handed over
   */
  static restore(stored: StoredTask, environment?: Readonly<Record<string, string>>): TaskRecord {
    return new TaskRecord(stored, stored.bootId ?? "", environment);
  }

  /** A task that is over, for one more attempt. */
  static resume(
    { info, request }: StoredTask,
    { text, bootId, env }: {
      text: string | undefined;
      bootId: string;
      env?: Record<string, string> | undefined;
    },
  ): TaskRecord {
    const record = new TaskRecord(
      {
        info: { ...info, attempt: info.attempt + 1 },
        request: text === undefined ? request : { ...request, text },
        process: null,
      },
      bootId,
      env,
    );
    record.#change({ ...NOT_OVER, result: null });
    return record;
  }

  get info(): TaskInfo {
    return this.#info;
  }

  get process(): StoredTask["process"] {
    return this.#process;
  }

  get command(): StoredTask["command"] {
    return this.#command;
  }

  /** What a file may keep of it. */
  get stored(): StoredTask {
    const { info, request, process, bootId, command, firstAttempt, retryAt, ending } = this;
    return { info, request, process, bootId, command, firstAttempt, retryAt, ending };
  }

  /** How many attempts this run has made, this one included. */
  get tries(): number {
    return this.#info.attempt - this.firstAttempt + 1;
  }

  queue(): void {
    this.#change({ state: "queued" });
  }

  run(): void {
    this.retryAt = undefined;
    this.#change({ state: "running", started_at: Date.now() });
  }

  started(execution: Execution): void {
    this.execution = execution;
    this.#process = execution.process;
    this.#command = execution.command;
    this.#change({ pid: execution.process?.pid ?? null });
  }

  /** Takes over what another process recorded of the same task. */
  adopt({ info, process }: StoredTask): void {
    this.#info = info;
    this.#process = process;
  }

  setResult(result: unknown): void {
    this.#change({ result: result ?? null });
  }

  /** It failed, and waits for its next attempt. @param retryAt milliseconds since 1970 */
  retryAfter(exitCode: number | null, retryAt?: number): void {
    this.retryAt = retryAt;
    this.#process = null;
    this.#change({
      state: "queued",
      attempt: this.#info.attempt + 1,
      exit_code: exitCode,
      result: null,
      pid: null,
    });
  }

  end({ state, exitCode, result, skipped = null, reason, error, endedAt }: TaskEnd): void {
    this.#process = null;
    this.#change({
      state,
      exit_code: exitCode,
      result: result ?? this.#info.result,
      skipped: skipped !== null,
      skip_reason: skipped,
      reason: reason ?? null,
      error: error ?? null,
      pid: null,
      ended_at: endedAt ?? Date.now(),
    });
  }

  #change(change: Partial<TaskInfo>): void {
    this.#info = { ...this.#info, ...change };
  }
}

const NOT_OVER = { reason: null, error: null, exit_code: null, ended_at: null } as const;

/** Characters of its text that a list shows of a task. */
const LISTED_TEXT = 200;

/** A task as one of many. */
export function brief(info: TaskInfo): TaskInfo {
  return { ...info, text: info.text?.slice(0, LISTED_TEXT) ?? null };
}

/** The error for an id that no task has. */
export function unknownTaskId(id: string): RequestError {
  const next = 'Run "haft task list" for the ids of tasks';
  return new RequestError("not_found", `There is no task ${id}`, { data: { next } });
}
