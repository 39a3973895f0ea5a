/** What one daemon leaves of its tasks, and what the next one makes of it. */
import { statSync } from "node:fs";
import { exitOf } from "../process/known_exits.ts";
import { findSame, type ProcessTable } from "../process/process_table.ts";
import { stopLeftovers } from "./command_run.ts";
import type { Outcome } from "./execution.ts";
import type { History, StoredTask } from "./history.ts";
import { markerOf } from "./marker.ts";
import type { TaskQueue } from "./task_queue.ts";
import { TaskRecord } from "./task_record.ts";
import type { AttemptHooks, TaskRunner } from "./task_runner.ts";

/** Task → its caller's environment. */
export type Environments = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Call it when the queue is closed. Resolves when the next daemon can go on with each of the tasks. */
export async function leaveTasks(
  tasks: readonly TaskRecord[],
  { history, runner }: { history: History; runner: TaskRunner },
): Promise<void> {
  await Promise.allSettled(tasks.map(({ starting }) => starting));
  // What a command says now is still kept, and so is its end.
  await Promise.all(tasks.map(({ execution }) => execution?.detach?.()));
  runner.detach();
  for (const task of tasks) {
    task.retry?.[Symbol.dispose]();
    if (task.execution?.front === true) continue;
    if (task.info.state === "running" && task.process === null) task.queue();
    history.put(task);
  }
}

/** The environments of tasks that have more to run. */
export function environmentsOf(tasks: readonly TaskRecord[]): Environments {
  return Object.fromEntries(
    tasks.flatMap(({ info: { id }, environment }) => environment === undefined ? [] : [[id, environment]]),
  );
}

export interface TaskHeirOptions {
  queue: TaskQueue;
  runner: TaskRunner;
  processes: ProcessTable;
  environments: Environments;
  enqueue: (task: TaskRecord) => void;
  goOnWith: (
    task: TaskRecord,
    process: NonNullable<StoredTask["process"]>,
    hooks: AttemptHooks,
  ) => Promise<Outcome>;
}

/** Takes up the tasks that an earlier daemon left unfinished. */
export class TaskHeir {
  readonly #options: TaskHeirOptions;

  constructor(options: TaskHeirOptions) {
    this.#options = options;
  }

  /** @param options.front it ran in front, where no place was needed: what is left of it takes none either */
  async takeUp(stored: StoredTask, { front = false }: { front?: boolean } = {}): Promise<void> {
    const { environments, enqueue, processes, runner } = this.#options;
    const { process } = stored;
    const task = TaskRecord.restore(stored, environments[stored.info.id]);
    const sameBoot = (process?.bootId ?? stored.bootId) === processes.bootId();
    if (sameBoot && task.info.state === "queued") return this.#wait(task, enqueue);
    if (process !== null && (findSame(processes, process) ?? exitOf(process)) !== undefined) {
      return this.#adopt(task, process, { front });
    }
    // Its children may still run; and a daemon may have died between a start and its record.
    if (sameBoot) await stopLeftovers(undefined, process?.marker ?? markerOf(task.info));
    const error = "It ended while no daemon watched it";
    runner.end(task, "lose", { reason: "lost", error, endedAt: lastSign(task) });
  }

  #wait(task: TaskRecord, enqueue: (task: TaskRecord) => void): void {
    const { queue, runner } = this.#options;
    const left = (task.retryAt ?? 0) - Date.now();
    if (left <= 0) return enqueue(task);
    queue.add(task);
    runner.awaitRetry(task, left);
  }

  #adopt(
    task: TaskRecord,
    process: NonNullable<StoredTask["process"]>,
    { front }: { front: boolean },
  ): void {
    const { queue, runner, goOnWith } = this.#options;
    queue.add(task);
    const run = () => runner.run(task, (hooks) => goOnWith(task, process, hooks), { adopted: true });
    if (front) void run();
    else queue.occupy(run);
  }
}

/** When a task that ended unseen was last known to live: at its start, or when it last printed something. */
function lastSign({ info: { created_at, started_at, log } }: TaskRecord): number {
  const printed = statSync(log, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Math.max(created_at, started_at ?? 0, Math.floor(printed));
}
