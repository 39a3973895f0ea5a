import { startFailureCode } from "../process/find_command.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import { backoffDelay } from "../process/backoff.ts";
import { systemClock } from "../process/clock.ts";
import type { AbortReason, TaskMessage } from "../protocol/methods/task_methods.ts";
import type { Ends } from "./ends.ts";
import type { ExecuteDeps } from "./execute.ts";
import type { Execution, Outcome } from "./execution.ts";
import type { History } from "./history.ts";
import type { TaskNews } from "./task_news.ts";
import type { TaskQueue } from "./task_queue.ts";
import type { TaskRecord } from "./task_record.ts";
import { RETRY } from "./retry.ts";
import { type Ending, nextState, type TaskEvent } from "./transitions.ts";

/** Runs one attempt of a task, or goes on with one, to its end. */
export type Attempt = (hooks: AttemptHooks) => Promise<Outcome>;
export type AttemptHooks = Pick<ExecuteDeps, "onStarted" | "onEvent" | "onTimeout" | "leaving">;

export interface TaskRunnerOptions {
  history: History;
  news: TaskNews;
  ends: Ends;
  queue: TaskQueue;
  onProblem: (text: string) => void;
}

/**
 * Takes a task from its start to its end. There is exactly one end: {@link end} and {@link complete} ask the
 * table of transitions, and the first answer counts, whatever races.
 */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  /** What still runs belongs to the next daemon, so nothing that it does is recorded here. */
  #detached = false;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /** @param adopted an earlier daemon started its command */
  async run(task: TaskRecord, attempt: Attempt, { adopted }: { adopted: boolean }): Promise<void> {
    try {
      const outcome = await attempt({
        onStarted: (execution) => this.#started(task, execution, adopted),
        onEvent: (event, data) => this.#onEvent(task, event, data),
        leaving: () => this.#options.queue.closed,
        onTimeout: () => void this.stop(task, { event: "time_out", reason: "timed_out" }),
      });
      if (!this.#detached) this.#attemptEnded(task, outcome);
    } catch (error) {
      if (this.#detached) return;
      task.execution = undefined;
      const { ending } = task;
      this.end(task, ending?.event ?? "fail", {
        reason: ending?.reason ?? "failed",
        error: ending === undefined ? withNext(error) : null,
        exitCode: ending === undefined ? startFailureCode(error) : null,
      });
    }
  }

  /** Resolves when the task is over. The first reason counts. */
  async stop(task: TaskRecord, ending: Ending): Promise<void> {
    task.ending ??= ending;
    if (task.info.state === "queued") {
      task.retry?.[Symbol.dispose]();
      return this.end(task, task.ending.event, { reason: task.ending.reason, error: null });
    }
    const over = this.#options.ends.all([task.info.id]);
    await task.execution?.stop();
    await over;
  }

  /** Keeps what a task said or was told, and tells subscribers. */
  message(task: TaskRecord, from: TaskMessage["from"], data: unknown, kind = "message"): TaskMessage {
    const { history, news } = this.#options;
    const message = history.addMessage(task.info.id, { time: Date.now(), from, data: data ?? null });
    news.tell("task.message", task.info, { action: kind === "progress" ? "updated" : "created", message });
    return message;
  }

  end(
    task: TaskRecord,
    event: TaskEvent,
    { reason, error, exitCode = null, endedAt }: {
      reason: AbortReason;
      error: string | null;
      exitCode?: number | null;
      endedAt?: number | undefined;
    },
  ): void {
    const state = nextState(task.info.state, event);
    if (state === undefined) return;
    task.end({ state, reason, error, exitCode, endedAt });
    this.#settled(task);
    this.#options.news.final("task.aborted", task.info, { reason, error, exit_code: exitCode });
  }

  /** Leaves what runs and what waits to the next daemon. */
  detach(): void {
    this.#detached = true;
  }

  #started(task: TaskRecord, execution: Execution, adopted: boolean): void {
    task.started(execution);
    this.#options.history.put(task);
    const { attempt, pid } = task.info;
    this.#options.news.tell("task.started", task.info, { attempt, pid, adopted });
    // It may have been cancelled while its command was being started.
    if (task.ending !== undefined) void execution.stop();
  }

  #attemptEnded(task: TaskRecord, outcome: Outcome): void {
    task.execution = undefined;
    const { ending } = task;
    if (ending !== undefined) {
      const exitCode = "exitCode" in outcome ? outcome.exitCode : null;
      return this.end(task, ending.event, { reason: ending.reason, error: null, exitCode });
    }
    if (outcome.ok === "left") return;
    if (outcome.ok === undefined) return this.#endedUnseen(task);
    if (outcome.ok) return this.complete(task, outcome);
    this.#failed(task, outcome);
  }

  /**
   * Only the process that started the command could learn its exit code, but the command may have said its
   * result.
   */
  #endedUnseen(task: TaskRecord): void {
    if (task.info.result !== null) {
      return this.complete(task, { exitCode: null, result: undefined, skipped: null });
    }
    this.end(task, "lose", {
      reason: "lost",
      error: "The daemon that started it ended first, so its exit code is unknown",
    });
  }

  #failed(
    task: TaskRecord,
    { error, exitCode, retries, retryDelay }: Extract<Outcome, { ok: false }>,
  ): void {
    const { history, news } = this.#options;
    const { tries } = task;
    if (tries > retries) {
      return this.end(task, "fail", { reason: "failed", error, exitCode });
    }
    const wait = backoffDelay({ ...RETRY, initial: retryDelay }, tries, Math.random());
    task.retryAfter(exitCode, Date.now() + wait);
    history.put(task);
    news.tell("task.retrying", task.info, { attempt: task.info.attempt, delay_ms: wait });
    this.awaitRetry(task, wait);
  }

  /** Runs its next attempt after a while. */
  awaitRetry(task: TaskRecord, waitMs: number): void {
    task.retry = systemClock.after(waitMs, () => {
      task.retry = undefined;
      this.#options.queue.fill();
    });
  }

  complete(
    task: TaskRecord,
    { exitCode, result, skipped, endedAt }: Omit<Extract<Outcome, { ok: true }>, "ok"> & {
      endedAt?: number | undefined;
    },
  ): void {
    const state = nextState(task.info.state, "complete");
    if (state === undefined) return;
    task.end({ state, exitCode, result, skipped, endedAt });
    this.#settled(task);
    const { result: final } = task.info;
    const usage = typeof final === "object" && final !== null && "usage" in final ? final.usage : null;
    this.#options.news.final("task.completed", task.info, {
      exit_code: exitCode,
      result: final,
      usage,
      skipped: skipped !== null,
      skip_reason: skipped,
    });
  }

  #settled(task: TaskRecord): void {
    this.#options.queue.remove(task);
    this.#options.history.put(task);
  }

  /** A command cannot mend what goes wrong here, so it hears nothing of it. */
  #onEvent(task: TaskRecord, event: string, data: unknown): void {
    if (this.#detached) return;
    try {
      if (event === "result") task.setResult(data);
      else if (event === "idle") this.#options.news.tell("task.idle", task.info, {});
      else if (event === "message" || event === "progress") this.message(task, "task", data, event);
    } catch (error) {
      this.#options.onProblem(`What task ${task.info.id} said is not kept: ${errorMessage(error)}`);
    }
  }
}

function withNext(error: unknown): string {
  const next = error instanceof HaftError ? error.next : undefined;
  return next === undefined ? errorMessage(error) : `${errorMessage(error)}\n${next}`;
}
