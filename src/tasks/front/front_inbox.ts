import { existsSync, type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { errorMessage } from "../../base/errors.ts";
import type { ExitWatch } from "../../process/exit_watch.ts";
import { findSame, type ProcessIdentity, type ProcessTable } from "../../process/process_table.ts";
import { stopLeftovers } from "../command_run.ts";
import type { History, StoredTask } from "../history.ts";
import { markerOf } from "../marker.ts";
import { sayToFront } from "./say_to_front.ts";
import type { TaskNews } from "../task_news.ts";
import type { TaskQueue } from "../task_queue.ts";
import { TaskRecord } from "../task_record.ts";
import type { TaskRunner } from "../task_runner.ts";
import { isFinal } from "../transitions.ts";
import {
  forgetCancelled,
  type FrontEntry,
  frontFileOf,
  FrontReader,
  listFronts,
  markCancelled,
  removeFront,
} from "./front_files.ts";

export interface FrontInboxOptions {
  directory: string;
  history: History;
  news: TaskNews;
  queue: TaskQueue;
  runner: TaskRunner;
  processes: ProcessTable;
  exits: ExitWatch;
  /** Takes up a task whose front has gone while its command may still run. */
  takeUp: (task: StoredTask) => Promise<void>;
  /** A command has ended that may have left processes behind. */
  onEnded: (marker: string) => void;
  onProblem: (text: string) => void;
}

/** Bun's watch leaves out a change that follows another of the same file within 16 ms. */
const SETTLED_MS = 30;

/** A file that is read, and what it spoke of. */
interface OpenFront {
  reader: FrontReader;
  /** The newest of each task that is not over. */
  unfinished: Map<string, StoredTask>;
  /** Whether the end of its haft is waited for. */
  watched: boolean;
}

/** Makes the tasks that run in front known here: in the list, in the events, and for a cancellation. */
export class FrontInbox implements Disposable {
  readonly #options: FrontInboxOptions;
  readonly #open = new Map<string, OpenFront>();
  /** Messages that were taken over, by task. */
  readonly #heard = new Map<string, number>();
  #watcher: FSWatcher | undefined;
  /** Files that changed a moment ago. */
  readonly #settling = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(options: FrontInboxOptions) {
    this.#options = options;
  }

  begin(): void {
    const { directory, onProblem } = this.#options;
    makePrivateDirectory(directory);
    try {
      this.#watcher = watch(directory, { persistent: false }, (_, name) => {
        const id = frontFileOf(String(name ?? ""));
        if (id !== undefined) this.#onChange(id);
      });
      this.#watcher.on("error", (error) => onProblem(`Cannot watch "${directory}": ${errorMessage(error)}`));
    } catch (error) {
      onProblem(`Cannot watch "${directory}": ${errorMessage(error)}`);
    }
    this.readAll();
  }

  /** Reads every file there is; a request about tasks must not depend on the watch. */
  readAll(): void {
    for (const id of listFronts(this.#options.directory)) this.#read(id);
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    for (const timer of this.#settling.values()) clearTimeout(timer);
  }

  /** Read at once, and again when it has settled: what the watch left out was written by then. */
  #onChange(id: string): void {
    this.#read(id);
    clearTimeout(this.#settling.get(id));
    const timer = setTimeout(() => {
      this.#settling.delete(id);
      this.#read(id);
    }, SETTLED_MS);
    this.#settling.set(id, timer);
  }

  #read(id: string): void {
    const { directory, onProblem } = this.#options;
    let open = this.#open.get(id);
    if (open === undefined) {
      if (!existsSync(join(directory, `${id}.jsonl`))) return;
      open = { reader: new FrontReader(directory, id), unfinished: new Map(), watched: false };
      this.#open.set(id, open);
    }
    for (const entry of open.reader.read()) {
      const { info } = entry.task;
      if (isFinal(info.state)) open.unfinished.delete(info.id);
      else open.unfinished.set(info.id, entry.task);
      try {
        this.#take(entry);
      } catch (error) {
        onProblem(`The task ${info.id} that ran in front is not kept: ${errorMessage(error)}`);
      }
    }
    const { reader: { front, isOver }, watched } = open;
    if (isOver) return this.#forget(id);
    if (watched || front === undefined) return;
    open.watched = true;
    void this.#endOf(front).then(() => this.#lose(id)).catch((error) => onProblem(errorMessage(error)));
  }

  #forget(id: string): void {
    this.#open.delete(id);
    removeFront(this.#options.directory, id);
  }

  async #endOf(front: ProcessIdentity): Promise<void> {
    const { processes, exits } = this.#options;
    if (findSame(processes, front) !== undefined) await exits.ended(front);
  }

  #take(entry: FrontEntry): void {
    const { directory, queue, runner, news, onEnded } = this.#options;
    const { info, process } = entry.task;
    const known = queue.get(info.id);
    const recorded = this.#options.history.get(info.id);
    if (known === undefined && recorded !== undefined && isFinal(recorded.info.state)) return;
    const task = known ?? this.#begin(entry.task, { isNew: recorded === undefined });
    this.#messages(task, entry);
    if (!isFinal(info.state)) {
      if (info.attempt > task.info.attempt) {
        news.tell("task.retrying", task.info, { attempt: info.attempt, delay_ms: 0 });
      }
      task.adopt({ ...entry.task, info: { ...info, ...RUNNING } });
      if (task.execution?.front === true) task.execution.process = process;
      return;
    }
    this.#heard.delete(info.id);
    task.execution = undefined;
    if (process !== null || info.attempt > 0) onEnded(markerOf(info));
    // It may have ended long before a daemon reads of it.
    const endedAt = info.ended_at ?? undefined;
    const cancelled = task.ending;
    if (cancelled !== undefined) {
      forgetCancelled(directory, info.id);
      const { event, reason } = cancelled;
      runner.end(task, event, { reason, error: null, exitCode: info.exit_code, endedAt });
    } else if (info.state === "completed") {
      runner.complete(task, {
        exitCode: info.exit_code,
        result: info.result,
        skipped: info.skipped ? info.skip_reason : null,
        endedAt,
      });
    } else {
      const reason = info.reason ?? "failed";
      const event = reason === "cancelled" ? "cancel" : reason === "timed_out" ? "time_out" : "fail";
      runner.end(task, event, { reason, error: info.error, exitCode: info.exit_code, endedAt });
    }
  }

  /** The first that is heard of a task. */
  #begin(stored: StoredTask, { isNew }: { isNew: boolean }): TaskRecord {
    const { queue, history, news, directory } = this.#options;
    const task = TaskRecord.restore({ ...stored, info: { ...stored.info, ...RUNNING } });
    const { id, attempt, pid } = task.info;
    queue.add(task);
    history.put(task);
    if (isNew) {
      news.tell("task.created", task.info, {});
      news.tell("task.queued", task.info, { attempt });
      news.tell("task.started", task.info, { attempt, pid, adopted: false });
    }
    task.execution = {
      process: stored.process,
      say: (data) => void sayToFront(markerOf(task.info), data).catch(() => {}),
      stop: async () => {
        markCancelled(directory, id);
        await stopLeftovers(undefined, markerOf(task.info));
      },
      front: true,
    };
    return task;
  }

  /** Its front has gone: what it wrote last counts, else the commands go on without it. */
  async #lose(id: string): Promise<void> {
    this.#read(id);
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#forget(id);
    const { queue, takeUp } = this.#options;
    for (const [taskId, stored] of open.unfinished) {
      const task = queue.get(taskId);
      if (task === undefined) continue;
      queue.remove(task);
      await takeUp(stored);
    }
  }

  #messages(task: TaskRecord, { messages, said }: FrontEntry): void {
    const { history, news } = this.#options;
    const { id } = task.info;
    const heard = this.#heard.get(id) ?? history.messages(id).filter(({ from }) => from === "task").length;
    for (const message of messages.slice(Math.max(0, heard - said))) {
      const kept = history.addMessage(id, message);
      news.tell("task.message", task.info, { action: "created", message: kept });
    }
    this.#heard.set(id, Math.max(heard, said + messages.length));
  }
}

const RUNNING = { state: "running", reason: null, error: null, exit_code: null, ended_at: null } as const;
