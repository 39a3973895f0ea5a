import type { TaskInfo } from "../protocol/methods/task_methods.ts";
import type { StoredTask } from "./history.ts";
import { nextTask } from "./next_task.ts";
import type { TaskRecord } from "./task_record.ts";

/** Queued and running tasks, in the order in which they were asked for, and the places in which they run. */
export class TaskQueue {
  readonly #places: () => number;
  readonly #start: (task: TaskRecord) => Promise<void>;
  readonly #live = new Map<string, TaskRecord>();
  #taken = 0;
  #closed = false;

  /**
   * @param places how many tasks may run at a time now
   * @param start runs a task whose turn has come; its place is free when that resolves
   */
  constructor({ places, start }: { places: () => number; start: (task: TaskRecord) => Promise<void> }) {
    this.#places = places;
    this.#start = start;
  }

  get size(): number {
    return this.#live.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get(id: string): TaskRecord | undefined {
    return this.#live.get(id);
  }

  all(): TaskRecord[] {
    return [...this.#live.values()];
  }

  /** Puts a task at the end; call {@link fill} when it may run. */
  add(task: TaskRecord): void {
    this.#live.set(task.info.id, task);
  }

  remove({ info }: TaskRecord): void {
    this.#live.delete(info.id);
  }

  /** What is known of a task, and why it waits. */
  asItIs({ info }: Pick<StoredTask, "info">): TaskInfo {
    const task = this.#live.get(info.id);
    const waiting = task === undefined ? undefined : this.#waiting(task);
    return waiting === undefined ? info : { ...info, waiting };
  }

  /** Starts what may run while there are free places. */
  fill(): void {
    while (!this.#closed && this.#taken < this.#places()) {
      const task = nextTask(
        this.#live.values(),
        ({ retry, ending }) => retry === undefined && ending === undefined,
      );
      if (task === undefined) return;
      task.run();
      this.occupy(() => this.#start(task));
    }
  }

  /** Takes a place for a task that runs, even when none is free, until `work` resolves. */
  occupy(work: () => Promise<void>): void {
    const over = work();
    this.#taken++;
    void over.finally(() => {
      this.#taken--;
      this.fill();
    });
  }

  /** Nothing is started any more. */
  close(): void {
    this.#closed = true;
  }

  #waiting({ info: { state, attempt }, retry }: TaskRecord): string | undefined {
    if (state !== "queued" || this.#closed) return undefined;
    if (retry !== undefined) return `for attempt ${attempt}`;
    const tasks = this.#taken === 1 ? "task" : "tasks";
    return this.#taken >= this.#places() ? `behind ${this.#taken} running ${tasks}` : undefined;
  }
}
