import { type FSWatcher, watch } from "node:fs";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { errorMessage } from "../../base/errors.ts";
import type { ExitPoll } from "../../process/exit_poll.ts";
import { findSame, type ProcessTable } from "../../process/process_table.ts";
import { stopLeftovers } from "../command_run.ts";
import type { History, StoredTask } from "../history.ts";
import { markerOf } from "../marker.ts";
import type { TaskNews } from "../task_news.ts";
import type { TaskQueue } from "../task_queue.ts";
import { TaskRecord } from "../task_record.ts";
import type { TaskRunner } from "../task_runner.ts";
import { isFinal } from "../transitions.ts";
import { type FrontFile, listFronts, markCancelled, readFront, removeFront } from "./front_files.ts";

export interface FrontInboxOptions {
  directory: string;
  history: History;
  news: TaskNews;
  queue: TaskQueue;
  runner: TaskRunner;
  processes: ProcessTable;
  exits: ExitPoll;
  /** Takes up a task whose front has gone while its command may still run. */
  takeUp: (file: FrontFile) => Promise<void>;
  /** A command has ended that may have left processes behind. */
  onEnded: (marker: string) => void;
  onProblem: (text: string) => void;
}

/** Makes the tasks that run in front known here: in the list, in the events, and for a cancellation. */
export class FrontInbox implements Disposable {
  readonly #options: FrontInboxOptions;
  /** Messages that were taken over, by task. */
  readonly #heard = new Map<string, number>();
  #watcher: FSWatcher | undefined;

  constructor(options: FrontInboxOptions) {
    this.#options = options;
  }

  begin(): void {
    const { directory, onProblem } = this.#options;
    makePrivateDirectory(directory);
    try {
      this.#watcher = watch(directory, { persistent: false }, (_, name) => {
        const id = /^([0-9a-f]{12})\.json$/.exec(String(name ?? ""))?.[1];
        if (id !== undefined) this.#read(id);
      });
      this.#watcher.on("error", (error) => onProblem(`Cannot watch "${directory}": ${errorMessage(error)}`));
    } catch (error) {
      onProblem(`Cannot watch "${directory}": ${errorMessage(error)}`);
    }
    this.readAll();
  }

  /** Reads every file there is; a request about tasks must not depend on the watch. */
  readAll(): void {
    const { directory } = this.#options;
    const files = listFronts(directory).flatMap((id) => readFront(directory, id) ?? []);
    files.sort((a, b) => a.task.info.created_at - b.task.info.created_at);
    for (const { task } of files) this.#read(task.info.id);
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }

  #read(id: string): void {
    const { directory, onProblem } = this.#options;
    const file = readFront(directory, id);
    if (file === undefined) return;
    try {
      this.#take(file);
    } catch (error) {
      onProblem(`The task ${id} that ran in front is not kept: ${errorMessage(error)}`);
    }
  }

  #take(file: FrontFile): void {
    const { directory, queue, runner, news, onEnded } = this.#options;
    const { info } = file.task;
    const known = queue.get(info.id);
    const recorded = this.#options.history.get(info.id);
    if (known === undefined && recorded !== undefined && isFinal(recorded.info.state)) {
      return removeFront(directory, info.id);
    }
    const task = known ?? this.#begin(file, { isNew: recorded === undefined });
    this.#messages(task, file);
    // Files that follow each other closely are read once: the last one may have another attempt, and its end.
    if (info.attempt > task.info.attempt) {
      task.adopt(asRunning(file.task));
      news.tell("task.retrying", task.info, { attempt: info.attempt, delay_ms: 0 });
    }
    if (!isFinal(info.state)) return;
    removeFront(directory, info.id);
    this.#heard.delete(info.id);
    task.execution = undefined;
    if (file.task.process !== null || info.attempt > 0) onEnded(markerOf(info));
    const cancelled = task.ending;
    if (cancelled !== undefined) {
      runner.end(task, cancelled.event, { reason: cancelled.reason, error: null, exitCode: info.exit_code });
    } else if (info.state === "completed") {
      runner.complete(task, { exitCode: info.exit_code, result: info.result, skipped: info.skipped });
    } else {
      const reason = info.reason ?? "failed";
      const event = reason === "cancelled" ? "cancel" : reason === "timed_out" ? "time_out" : "fail";
      runner.end(task, event, { reason, error: info.error, exitCode: info.exit_code });
    }
  }

  /** The first that is heard of a task. */
  #begin(file: FrontFile, { isNew }: { isNew: boolean }): TaskRecord {
    const { queue, history, news, processes, exits, directory, takeUp, onProblem } = this.#options;
    const task = TaskRecord.restore(asRunning(file.task));
    const { id, attempt, pid } = task.info;
    queue.add(task);
    history.put(task);
    if (isNew) {
      news.tell("task.created", task.info, {});
      news.tell("task.queued", task.info, { attempt });
      news.tell("task.started", task.info, { attempt, pid, adopted: false });
    }
    task.execution = {
      process: file.task.process,
      say() {},
      stop: async () => {
        markCancelled(directory, id);
        await stopLeftovers(undefined, markerOf(task.info));
      },
      front: true,
    };
    if (isFinal(file.task.info.state)) return task;
    if (findSame(processes, file.front) === undefined) {
      void this.#lose(task, takeUp).catch((error) => onProblem(errorMessage(error)));
    } else {
      void exits.ended(file.front).then(() => this.#lose(task, takeUp))
        .catch((error) => onProblem(errorMessage(error)));
    }
    return task;
  }

  /** Its front has gone: its last file counts, else the command goes on without it. */
  async #lose(task: TaskRecord, takeUp: FrontInboxOptions["takeUp"]): Promise<void> {
    const { directory, queue } = this.#options;
    this.#read(task.info.id);
    if (queue.get(task.info.id) !== task) return;
    const file = readFront(directory, task.info.id);
    removeFront(directory, task.info.id);
    queue.remove(task);
    if (file !== undefined) await takeUp(file);
  }

  #messages(task: TaskRecord, { messages }: FrontFile): void {
    const { history, news } = this.#options;
    const heard = this.#heard.get(task.info.id) ?? 0;
    for (const message of messages.slice(heard)) {
      const kept = history.addMessage(task.info.id, message);
      news.tell("task.message", task.info, { action: "created", message: kept });
    }
    this.#heard.set(task.info.id, messages.length);
  }
}

/** What is known of a task before its end is told. */
function asRunning(task: StoredTask): StoredTask {
  const open = { reason: null, error: null, exit_code: null, ended_at: null };
  return { ...task, info: { ...task.info, ...open, state: "running" } };
}
