/**
 * Tasks, for whoever wires them: queued, run, followed, cancelled and resumed. What is known of them is kept in a file that outlives
 * this process. After a crash the next one goes on with commands that still run, and with those that waited; what ended while nobody
 * watched is `lost`, and can be resumed.
 *
 *     const tasks = new TaskService({ user, emit, relay, callBackend, onProblem });
 *     await tasks.begin();
 *     const { id } = await tasks.start({ cwd, name: "build" }, { clientId: null });
 *     const [task] = await tasks.wait([id], signal);
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { backoffDelay } from "../process/backoff.ts";
import { systemClock } from "../process/clock.ts";
import { ExitPoll } from "../process/exit_poll.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import { findSame } from "../process/process_table.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import type { AbortReason, TaskInfo, TaskMessage, TaskState } from "../protocol/methods/task_methods.ts";
import type { AboutTask, EmitTaskEvent, TaskEventDetails, TaskEventName } from "../protocol/task_events.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { UserContext } from "../tools/project/open_project.ts";
import { stopLeftovers } from "./command_run.ts";
import { Ends } from "./ends.ts";
import { StraySweep } from "./stray_sweep.ts";
import { fitting } from "./fitting.ts";
import { type FinalEvent, History, type HistoryLimits, type StoredTask } from "./history.ts";
import {
  type CallBackend,
  execute,
  type ExecuteDeps,
  type Execution,
  goOnWith,
  markerOf,
  NO_INPUT,
  noInputPath,
  type Outcome,
} from "./execute.ts";
import { isFinal, nextState, type TaskEvent } from "./transitions.ts";
import { nextTask } from "./next_task.ts";
import { configOf, type ProjectTasks, readProjectTasks } from "./project_tasks.ts";
import type { TaskConfig } from "./task_schema.ts";

export interface TaskServiceOptions {
  user: UserContext;
  emit: EmitTaskEvent;
  /** Tells one client alone, if it is still connected. */
  relay: (clientId: string, type: TaskEventName, data: AboutTask) => void;
  callBackend: CallBackend;
  onProblem: (text: string) => void;
  /** Tasks at a time; as many as the machine has cores by default. */
  concurrency?: number;
  limits?: Partial<HistoryLimits>;
}

export interface StartTask {
  cwd: string;
  name?: string | undefined;
  command?: string[] | undefined;
  text?: string | undefined;
  images?: string[] | undefined;
  configuration?: Record<string, unknown> | undefined;
}

interface Live extends StoredTask {
  execution: Execution | undefined;
  /** Why it is being ended. */
  ending: { event: TaskEvent; reason: AbortReason } | undefined;
  retry: Disposable | undefined;
  /** Of this run: one that was resumed may be tried again as often as at first. */
  firstAttempt: number;
}

/** Characters of what a task was told that a list shows. */
const LISTED_TEXT = 200;

/** The wait before a retry, after the one that the manifest says. */
const RETRY = { max: 10 * 60 * 1000, multiplier: 2, jitter: 0.2 };

type RunTask = (deps: Omit<ExecuteDeps, "project">) => Promise<Outcome>;

const NOT_LIVE = { execution: undefined, ending: undefined, retry: undefined };

export class TaskService {
  readonly #options: TaskServiceOptions;
  readonly #history: History;
  readonly #directory: string;
  readonly #concurrency: number;
  /** Queued and running ones, in the order in which they were asked for. */
  readonly #live = new Map<string, Live>();
  readonly #ends = new Ends();
  readonly #processes = hostProcessTable();
  readonly #exits = new ExitPoll({ table: this.#processes, clock: systemClock });
  readonly #sweep = new StraySweep({
    table: this.#processes,
    clock: systemClock,
    stop: (marker) => stopLeftovers(undefined, marker),
  });
  #running = 0;
  #closing = false;
  /** What is left is the next daemon's. */
  #detached = false;

  constructor(options: TaskServiceOptions) {
    this.#options = options;
    this.#directory = join(options.user.paths.state, "tasks");
    const { limits, onProblem } = options;
    this.#history = new History(join(this.#directory, "history.db"), limits, onProblem);
    this.#concurrency = options.concurrency ?? availableParallelism();
    this.#makeDirectories();
  }

  get isBusy(): boolean {
    return this.#live.size > 0;
  }

  /** Takes up what an earlier daemon left unfinished. Resolves when it is known of each what becomes of it. */
  async begin(): Promise<void> {
    const unfinished = this.#history.list({ states: ["queued", "running"], limit: 100_000 }).toReversed();
    // Those that run take their places first.
    for (const state of ["running", "queued"]) {
      await Promise.all(
        unfinished.filter(({ info }) => info.state === state).map((stored) => this.#takeUp(stored)),
      );
    }
    this.#history.prune();
  }

  /** @throws {HaftError} when there is no such task, or the manifest is not trusted */
  start(request: StartTask, { clientId }: { clientId: string | null }): TaskInfo {
    const project = this.#project(request.cwd);
    if (request.name !== undefined) {
      configOf(project, request.name);
      project.requireTrust();
    }
    if ((request.name === undefined) === (request.command === undefined)) {
      throw new RequestError("invalid_params", 'A task needs "name" or "command", and not both');
    }
    const id = randomBytes(6).toString("hex");
    const task: Live = {
      info: {
        id,
        name: request.name ?? null,
        root: project.root,
        state: "queued",
        reason: null,
        error: null,
        attempt: 1,
        skipped: false,
        exit_code: null,
        pid: null,
        result: null,
        text: request.text ?? null,
        client_id: clientId,
        created_at: Date.now(),
        started_at: null,
        ended_at: null,
        log: join(this.#directory, "logs", `${id}.log`),
      },
      request: {
        command: request.command ?? null,
        text: request.text ?? null,
        images: request.images ?? [],
        configuration: request.configuration ?? {},
        cwd: request.cwd,
      },
      process: null,
      bootId: this.#processes.bootId(),
      ...NOT_LIVE,
      firstAttempt: 1,
    };
    this.#history.put(task);
    this.#emit("task.created", task.info, {});
    this.#enqueue(task);
    return task.info;
  }

  /** Resolves when nothing of it runs. One that is over stays as it is. */
  async cancel(id: string): Promise<TaskInfo> {
    const task = this.#live.get(id);
    if (task === undefined) return this.#get(id).info;
    await this.#stop(task, { event: "cancel", reason: "cancelled" });
    return task.info;
  }

  async close(id: string): Promise<TaskInfo> {
    const { info } = this.#get(id);
    await this.cancel(id);
    const task = this.#get(id);
    const closed: TaskInfo = { ...task.info, state: "closed" };
    this.#history.remove(id);
    this.#emit("task.closed", info, {});
    return closed;
  }

  /** @throws {RequestError} when it is not over */
  resume(id: string, { text }: { text?: string | undefined }): TaskInfo {
    const stored = this.#get(id);
    if (nextState(stored.info.state, "resume") === undefined || this.#live.has(id)) {
      throw new RequestError("failed", `Task ${id} is ${stored.info.state}, and cannot be resumed`, {
        data: { next: "Wait for its end, or cancel it" },
      });
    }
    if (stored.info.name !== null) this.#project(stored.info.root).requireTrust();
    const task: Live = {
      ...stored,
      info: {
        ...stored.info,
        attempt: stored.info.attempt + 1,
        reason: null,
        error: null,
        exit_code: null,
        result: null,
        ended_at: null,
      },
      request: text === undefined ? stored.request : { ...stored.request, text },
      bootId: this.#processes.bootId(),
      ...NOT_LIVE,
      firstAttempt: stored.info.attempt + 1,
    };
    if (text !== undefined) this.#message(task, "user", { text });
    this.#enqueue(task);
    return task.info;
  }

  /** @throws {RequestError} when it does not run */
  send(id: string, data: Record<string, unknown>): TaskMessage {
    const task = this.#live.get(id);
    if (task?.execution === undefined) {
      const { info } = this.#get(id);
      throw new RequestError("failed", `Task ${id} is ${info.state}, and hears nothing`, {
        data: { next: "Resume it with what there is to say" },
      });
    }
    const message = this.#message(task, "user", data);
    task.execution.say(data);
    return message;
  }

  /** Newest first; `next` is where the following page begins, when there is one. */
  list({ cwd, ...query }: {
    cwd?: string | undefined;
    states?: readonly TaskState[] | undefined;
    before?: string | undefined;
    limit: number;
  }): { tasks: TaskInfo[]; next: string | null } {
    const root = cwd === undefined ? undefined : this.#project(cwd).root;
    const found = this.#history.list({ root, ...query }).map(({ info }) => brief(info));
    const tasks = found.slice(0, fitting(found.map((info) => JSON.stringify(info))).length);
    const complete = tasks.length === found.length && found.length < query.limit;
    return { tasks, next: complete ? null : tasks.at(-1)?.id ?? null };
  }

  status(id: string): { task: TaskInfo; messages: TaskMessage[] } {
    return { task: this.#get(id).info, messages: this.#history.messages(id) };
  }

  /** Resolves when all of them are over. @throws {RequestError} `not_found`, also when one is closed meanwhile */
  async wait(ids: readonly string[], signal: AbortSignal): Promise<TaskInfo[]> {
    await this.#ends.all(ids.filter((id) => !isFinal(this.#get(id).info.state)), signal);
    const over = ids.map((id) => brief(this.#get(id).info));
    const fits = fitting(over.map((info) => JSON.stringify(info))).length === over.length;
    return fits ? over : over.map((info) => ({ ...info, result: null }));
  }

  /** @param waitMs milliseconds to wait when there is none */
  async finals(
    durable: string,
    { limit, waitMs, signal }: { limit: number; waitMs: number; signal: AbortSignal },
  ): Promise<FinalEvent[]> {
    const until = performance.now() + waitMs;
    for (;;) {
      const events = this.#history.finals(durable, limit);
      const left = until - performance.now();
      if (events.length > 0 || left <= 0) return events;
      await this.#ends.next(AbortSignal.any([signal, AbortSignal.timeout(left)])).catch((error) => {
        if (signal.aborted) throw error;
      });
    }
  }

  acknowledge(durable: string, id: number): number {
    return this.#history.acknowledge(durable, id);
  }

  /** @param keep leaves commands that run, and what waits, to the next daemon; else all of it ends, and is lost */
  async end({ keep }: { keep: boolean }): Promise<void> {
    this.#closing = true;
    const ends = (task: Live) =>
      !keep || (task.info.state === "running" && task.execution?.detach === undefined);
    const live = [...this.#live.values()];
    await Promise.all(
      live.filter(ends).map((task) => this.#stop(task, { event: "lose", reason: "lost" })),
    );
    this.#detached = true;
    for (const { retry, execution } of this.#live.values()) {
      retry?.[Symbol.dispose]();
      await execution?.detach?.();
    }
    await this.#sweep.sweep();
    this.#exits[Symbol.dispose]();
    this.#history[Symbol.dispose]();
  }

  #makeDirectories(): void {
    const inputDirectory = join(this.#directory, "input");
    for (const path of [inputDirectory, join(this.#directory, "logs")]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    const none = noInputPath({ inputDirectory });
    rmSync(none, { force: true });
    writeFileSync(none, JSON.stringify(NO_INPUT), { mode: 0o400 });
  }

  async #takeUp(stored: StoredTask): Promise<void> {
    const { info, process } = stored;
    const task: Live = { ...stored, ...NOT_LIVE, firstAttempt: info.attempt };
    const sameBoot = (process?.bootId ?? stored.bootId) === this.#processes.bootId();
    if (sameBoot && info.state === "queued") return this.#enqueue(task);
    if (process !== null && findSame(this.#processes, process) !== undefined) {
      return this.#adopt(task, process);
    }
    // What it started may run without it; and a daemon may have died between a start and its record.
    if (sameBoot) await stopLeftovers(undefined, process?.marker ?? markerOf(info));
    this.#end(task, "lose", { reason: "lost", error: "It ended while no daemon watched it" });
  }

  /** Its command runs: as if it had been started by this daemon, but for its exit code. */
  #adopt(task: Live, process: NonNullable<StoredTask["process"]>): void {
    this.#live.set(task.info.id, task);
    this.#occupy(task, (deps) => goOnWith(task, process, this.#configOf(task), deps), { adopted: true });
  }

  #configOf({ info: { name, root } }: Live): TaskConfig | undefined {
    try {
      return name === null ? undefined : this.#project(root).tasks.get(name);
    } catch (error) {
      this.#options.onProblem(`task "${name}" goes on without its manifest: ${errorMessage(error)}`);
      return undefined;
    }
  }

  #enqueue(task: Live): void {
    task.info = { ...task.info, state: "queued" };
    this.#live.set(task.info.id, task);
    this.#history.put(task);
    this.#emit("task.queued", task.info, { attempt: task.info.attempt });
    this.#schedule();
  }

  #schedule(): void {
    while (!this.#closing && this.#running < this.#concurrency) {
      const task = nextTask(
        this.#live.values(),
        ({ retry, ending }) => retry === undefined && ending === undefined,
      );
      if (task === undefined) return;
      task.info = { ...task.info, state: "running", started_at: Date.now() };
      this.#history.put(task);
      this.#occupy(
        task,
        (deps) => execute(task, { ...deps, project: this.#project(task.info.root) }),
        { adopted: false },
      );
    }
  }

  /** Takes one of the places, and gives it back when the task is over. */
  #occupy(task: Live, run: RunTask, { adopted }: { adopted: boolean }): void {
    this.#running++;
    void this.#run(task, run, adopted).finally(() => {
      this.#running--;
      this.#schedule();
    });
  }

  async #run(task: Live, run: RunTask, adopted: boolean): Promise<void> {
    try {
      const outcome = await run({
        user: this.#options.user,
        history: this.#history,
        callBackend: this.#options.callBackend,
        inputDirectory: join(this.#directory, "input"),
        exits: this.#exits,
        sweep: this.#sweep,
        onStarted: (execution) => {
          task.execution = execution;
          task.process = execution.process;
          task.info = { ...task.info, pid: execution.process?.pid ?? null };
          this.#history.put(task);
          const { attempt, pid } = task.info;
          this.#emit("task.started", task.info, { attempt, pid, adopted });
          // Cancelled while it was being started.
          if (task.ending !== undefined) void execution.stop();
        },
        onEvent: (event, data) => this.#onEvent(task, event, data),
        onTimeout: () => void this.#stop(task, { event: "time_out", reason: "timed_out" }),
      });
      if (this.#detached) return;
      task.execution = undefined;
      const { ending } = task;
      if (ending !== undefined) {
        return this.#end(task, ending.event, {
          reason: ending.reason,
          error: null,
          exitCode: outcome.ok === undefined ? null : outcome.exitCode,
        });
      }
      if (outcome.ok === undefined) return this.#endedUnseen(task);
      if (outcome.ok) return this.#complete(task, outcome);
      this.#failed(task, outcome.error, {
        exitCode: outcome.exitCode,
        retries: outcome.retries,
        delay: outcome.retryDelay,
      });
    } catch (error) {
      if (this.#detached) return;
      task.execution = undefined;
      const { ending } = task;
      this.#end(task, ending?.event ?? "fail", {
        reason: ending?.reason ?? "failed",
        error: ending === undefined ? withNext(error) : null,
      });
    }
  }

  /** Nobody can tell how it ended, but it may have said so itself. */
  #endedUnseen(task: Live): void {
    if (task.info.result !== null) {
      return this.#complete(task, { exitCode: null, result: undefined, skipped: false });
    }
    this.#end(task, "lose", {
      reason: "lost",
      error: "The daemon that started it had ended, so nobody was told its exit code",
    });
  }

  #failed(
    task: Live,
    error: string,
    { exitCode, retries, delay }: { exitCode: number | null; retries: number; delay: number },
  ): void {
    const tries = task.info.attempt - task.firstAttempt + 1;
    if (tries > retries || this.#closing) {
      return this.#end(task, "fail", { reason: "failed", error, exitCode });
    }
    const wait = backoffDelay({ ...RETRY, initial: delay }, tries, Math.random());
    task.info = {
      ...task.info,
      state: "queued",
      attempt: task.info.attempt + 1,
      exit_code: exitCode,
      result: null,
      pid: null,
    };
    task.process = null;
    this.#history.put(task);
    this.#emit("task.retrying", task.info, { attempt: task.info.attempt, delay_ms: wait });
    task.retry = systemClock.after(wait, () => {
      task.retry = undefined;
      this.#schedule();
    });
  }

  /** Whoever says it cannot help what goes wrong here. */
  #onEvent(task: Live, event: string, data: unknown): void {
    if (this.#detached) return;
    try {
      this.#hear(task, event, data);
    } catch (error) {
      this.#options.onProblem(`task ${task.info.id} was not heard: ${errorMessage(error)}`);
    }
  }

  #hear(task: Live, event: string, data: unknown): void {
    if (event === "result") task.info = { ...task.info, result: data ?? null };
    else if (event === "idle") this.#emit("task.idle", task.info, {});
    else if (event === "message" || event === "progress") this.#message(task, "task", data, event);
  }

  #message(task: Live, from: TaskMessage["from"], data: unknown, kind = "message"): TaskMessage {
    const { id } = task.info;
    const message = this.#history.addMessage(id, { time: Date.now(), from, data: data ?? null });
    const action = kind === "progress" ? "updated" : "created";
    this.#emit("task.message", task.info, { action, message });
    return message;
  }

  /** Resolves when it is over. The first reason counts. */
  async #stop(task: Live, ending: NonNullable<Live["ending"]>): Promise<void> {
    task.ending ??= ending;
    if (task.info.state === "queued") {
      task.retry?.[Symbol.dispose]();
      return this.#end(task, task.ending.event, { reason: task.ending.reason, error: null });
    }
    const over = this.#ends.all([task.info.id]);
    await task.execution?.stop();
    await over;
  }

  #complete(
    task: Live,
    { exitCode, result, skipped }: { exitCode: number | null; result: unknown; skipped: boolean },
  ): void {
    const final = result === undefined ? task.info.result : result;
    task.info = { ...task.info, exit_code: exitCode, result: final ?? null, skipped };
    this.#settle(task, "complete");
    const usage = typeof final === "object" && final !== null && "usage" in final ? final.usage : null;
    this.#final("task.completed", task, { exit_code: exitCode, result: final ?? null, usage, skipped });
  }

  #end(
    task: Live,
    event: TaskEvent,
    { reason, error, exitCode = null }: {
      reason: AbortReason;
      error: string | null;
      exitCode?: number | null;
    },
  ): void {
    task.info = { ...task.info, reason, error, exit_code: exitCode };
    if (!this.#settle(task, event)) return;
    this.#final("task.aborted", task, { reason, error, exit_code: exitCode });
  }

  /** @returns false when it is over already: there is exactly one end */
  #settle(task: Live, event: TaskEvent): boolean {
    const next = nextState(task.info.state, event);
    if (next === undefined) return false;
    task.info = { ...task.info, state: next, ended_at: Date.now(), pid: null };
    task.process = null;
    this.#live.delete(task.info.id);
    this.#history.put(task);
    return true;
  }

  #final<Name extends FinalEvent["type"]>(type: Name, task: Live, more: TaskEventDetails[Name]): void {
    const { id, name, root } = task.info;
    this.#history.addFinal({ type, time: Date.now(), data: { id, name, root, ...more } });
    this.#emit(type, task.info, more);
    this.#emit("task.resumable", task.info, {});
    this.#ends.tell(id);
  }

  #emit<Name extends TaskEventName>(
    type: Name,
    { id, name, root, client_id: client }: TaskInfo,
    more: TaskEventDetails[Name],
  ): void {
    const relay = client === null ? {} : { relay_client_id: client };
    const data = { id, name, root, ...more, ...relay };
    this.#options.emit(type, data, name ?? id);
    if (client !== null) this.#options.relay(client, type, data);
  }

  /** @throws {RequestError} `not_found` */
  #get(id: string): StoredTask {
    const task = this.#live.get(id) ?? this.#history.get(id);
    if (task === undefined) throw new RequestError("not_found", `There is no task ${id}`);
    return task;
  }

  #project(cwd: string): ProjectTasks {
    return readProjectTasks(cwd, this.#options.user);
  }
}

/** As one of many. */
function brief(info: TaskInfo): TaskInfo {
  return { ...info, text: info.text?.slice(0, LISTED_TEXT) ?? null };
}

function withNext(error: unknown): string {
  const next = error instanceof HaftError ? error.next : undefined;
  return next === undefined ? errorMessage(error) : `${errorMessage(error)}\n${next}`;
}
