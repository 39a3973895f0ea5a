/**
 * Tasks as the daemon has them: queued, run, followed, cancelled and resumed. A file keeps what is known of
 * them and outlives this process. After a crash the next daemon goes on with commands that still run and
 * with tasks that waited; a task that ended unwatched is `lost`, and can be resumed.
 *
 *     const tasks = new TaskService({ user, projects, emit, relay, callBackend, onProblem });
 *     await tasks.begin();
 *     const { id } = await tasks.start({ cwd, name: "build" }, { clientId: null });
 *     const [task] = await tasks.wait([id], signal);
 */
import { join } from "node:path";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { errorMessage } from "../base/errors.ts";
import { systemClock } from "../process/clock.ts";
import { ExitWatch } from "../process/exit_watch.ts";
import { runtime } from "../runtime/mod.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import type { Result } from "../protocol/methods/mod.ts";
import type { TaskInfo, TaskMessage, TaskState } from "../protocol/methods/task_methods.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { UserContext } from "../tools/project/project.ts";
import type { ProjectCache } from "../tools/project/project_cache.ts";
import { stopLeftovers } from "./command_run.ts";
import { Ends } from "./ends.ts";
import { type CallBackend, execute, type ExecuteDeps, goOnWith } from "./execute.ts";
import { fitting } from "./fitting.ts";
import { type FinalEvent, History, type HistoryLimits, type StoredTask } from "./history.ts";
import { FrontInbox } from "./front/front_inbox.ts";
import { frontDirectory, frontTasks } from "./front/front_files.ts";
import { declaredOutputs } from "./declared_outputs.ts";
import type { ProjectTasks } from "./project_tasks.ts";
import { startable } from "./startable.ts";
import { projectTasks, readTaskScope } from "./read_tasks.ts";
import { StraySweep } from "./stray_sweep.ts";
import { TaskNews, type TaskNewsOptions } from "./task_news.ts";
import { TaskQueue } from "./task_queue.ts";
import { type Environments, environmentsOf, leaveTasks, TaskHeir } from "./succession.ts";
import { brief, type StartTask, TaskRecord, unknownTaskId } from "./task_record.ts";
import { type AttemptHooks, TaskRunner } from "./task_runner.ts";
import type { TaskConfig } from "./task_schema.ts";
import { isFinal, nextState } from "./transitions.ts";

export interface TaskServiceOptions extends Pick<TaskNewsOptions, "emit" | "relay"> {
  user: UserContext;
  projects: ProjectCache;
  callBackend: CallBackend;
  onProblem: (text: string) => void;
  /** How many started tasks may run at a time now. */
  places: () => number;
  /** What the daemon before this one, in the same process, knew of callers. */
  environments?: Environments | undefined;
  limits?: Partial<HistoryLimits>;
}

export class TaskService {
  readonly #options: TaskServiceOptions;
  readonly #history: History;
  readonly #directory: string;
  readonly #queue: TaskQueue;
  readonly #runner: TaskRunner;
  /** Tasks that run in front of a terminal, in processes of their own. */
  readonly #fronts: FrontInbox;
  readonly #news: TaskNews;
  readonly #heir: TaskHeir;
  readonly #ends = new Ends();
  readonly #processes = hostProcessTable();
  readonly #exits = new ExitWatch({
    table: this.#processes,
    clock: systemClock,
    watch: runtime.watchProcess,
  });
  readonly #sweep = new StraySweep({
    table: this.#processes,
    clock: systemClock,
    stop: (marker) => stopLeftovers(undefined, marker),
  });

  constructor(options: TaskServiceOptions) {
    this.#options = options;
    this.#directory = join(options.user.paths.state, "tasks");
    const { emit, relay, limits, onProblem } = options;
    const history = this.#history = new History(join(this.#directory, "history.db"), limits, onProblem);
    const queue = this.#queue = new TaskQueue({
      places: options.places,
      start: (task) => this.#start(task),
    });
    const news = this.#news = new TaskNews({ emit, relay, history, ends: this.#ends });
    this.#runner = new TaskRunner({ history, news, ends: this.#ends, queue, onProblem });
    this.#makeDirectories();
    this.#heir = new TaskHeir({
      queue,
      runner: this.#runner,
      processes: this.#processes,
      environments: options.environments ?? {},
      enqueue: (task) => this.#enqueue(task),
      goOnWith: (task, process, hooks) =>
        goOnWith(task, process, this.#configOf(task), {
          ...this.#deps(hooks),
          openProject: () => this.#project(task.info.root),
        }),
    });
    this.#fronts = new FrontInbox({
      directory: frontDirectory(this.#directory),
      history,
      news,
      queue,
      runner: this.#runner,
      processes: this.#processes,
      exits: this.#exits,
      takeUp: (task) => this.#heir.takeUp(task, { front: true }),
      onEnded: (marker) => this.#sweep.ended(marker),
      onProblem,
    });
  }

  /** There may be more places than before. */
  reload(): void {
    this.#queue.fill();
  }

  get isBusy(): boolean {
    return this.#queue.size > 0;
  }

  /** Takes up what an earlier daemon left unfinished. Resolves when the fate of each such task is known. */
  async begin(): Promise<void> {
    const fronts = frontTasks(frontDirectory(this.#directory));
    const unfinished = this.#history.list({ states: ["queued", "running"], limit: 100_000 }).toReversed()
      .filter(({ info }) => !fronts.has(info.id));
    // Tasks that run take their places first.
    for (const state of ["running", "queued"]) {
      await Promise.all(
        unfinished.filter(({ info }) => info.state === state).map((stored) => this.#heir.takeUp(stored)),
      );
    }
    this.#fronts.begin();
    void this.#history.prune();
  }

  /** @throws {HaftError} when there is no such task, it is a group, or the manifest is not trusted */
  start(request: StartTask, { clientId }: { clientId: string | null }): TaskInfo {
    const { cwd, name, command } = request;
    // Of a command, the name is what lists call it.
    const found = command === undefined ? startable(name, readTaskScope(cwd, this.#options.user)) : undefined;
    const project = found?.project ?? this.#project(cwd);
    const task = TaskRecord.create({ ...request, name: found?.name ?? name }, {
      root: project.root,
      clientId,
      bootId: this.#processes.bootId(),
      logs: join(this.#directory, "logs"),
    });
    this.#history.put(task);
    this.#news.tell("task.created", task.info, {});
    this.#enqueue(task);
    return this.#queue.asItIs(task);
  }

  /** Resolves when nothing of the task runs. A task that is over stays as it is. */
  async cancel(id: string): Promise<TaskInfo> {
    const task = this.#queue.get(id);
    if (task === undefined) return this.#get(id).info;
    await this.#runner.stop(task, { event: "cancel", reason: "cancelled" });
    return task.info;
  }

  async close(id: string): Promise<TaskInfo> {
    await this.cancel(id);
    const { info } = this.#get(id);
    this.#history.remove(id);
    this.#news.tell("task.closed", info, {});
    return { ...info, state: "closed" };
  }

  /** @throws {RequestError} when it is not over */
  resume(
    id: string,
    { text, env }: { text?: string | undefined; env?: Record<string, string> | undefined },
  ): TaskInfo {
    const stored = this.#get(id);
    if (nextState(stored.info.state, "resume") === undefined || this.#queue.get(id) !== undefined) {
      throw new RequestError("failed", `Task ${id} is ${stored.info.state}, and cannot be resumed`, {
        data: { next: "Wait for its end, or cancel it" },
      });
    }
    if (stored.request.command === null) this.#project(stored.info.root).requireTrust();
    const task = TaskRecord.resume(stored, { text, bootId: this.#processes.bootId(), env });
    if (text !== undefined) this.#runner.message(task, "user", { text });
    this.#enqueue(task);
    return this.#queue.asItIs(task);
  }

  /** @throws {RequestError} when the task does not run */
  send(id: string, data: Record<string, unknown>): TaskMessage {
    const task = this.#queue.get(id);
    if (task?.execution === undefined) {
      const { info } = this.#get(id);
      throw new RequestError("failed", `Task ${id} is ${info.state}, so it cannot receive messages`, {
        data: { next: "Resume it with a text" },
      });
    }
    const message = this.#runner.message(task, "user", data);
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
    this.#fronts.readAll();
    const root = cwd === undefined ? undefined : this.#options.projects.rootOf(cwd);
    const found = this.#history.list({ root, ...query }).map((task) => brief(this.#queue.asItIs(task)));
    const tasks = found.slice(0, fitting(found.map((info) => JSON.stringify(info))).length);
    const complete = tasks.length === found.length && found.length < query.limit;
    return { tasks, next: complete ? null : tasks.at(-1)?.id ?? null };
  }

  status(id: string): { task: TaskInfo; messages: TaskMessage[] } {
    return { task: this.#queue.asItIs(this.#get(id)), messages: this.#history.messages(id) };
  }

  /**
   * Resolves when all of them are over.
   *
   * @throws {RequestError} `not_found`, also when one is closed meanwhile
   */
  async wait(ids: readonly string[], signal: AbortSignal): Promise<TaskInfo[]> {
    await this.#ends.all(ids.filter((id) => !isFinal(this.#get(id).info.state)), signal);
    const over = ids.map((id) => brief(this.#get(id).info));
    const fits = fitting(over.map((info) => JSON.stringify(info))).length === over.length;
    return fits ? over : over.map((info) => ({ ...info, result: null }));
  }

  outputs(id: string): Result<"task.outputs"> {
    const task = this.#get(id);
    return declaredOutputs(task, () => this.#project(task.info.root));
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

  /**
   * @param keep leaves running commands and waiting tasks to the next daemon; else all of them end as lost
   */
  async end({ keep }: { keep: boolean }): Promise<void> {
    this.#queue.close();
    const outlivesDaemon = ({ info, execution }: TaskRecord) =>
      info.state !== "running" || execution?.detach !== undefined;
    const ending = this.#queue.all().filter((task) =>
      task.execution?.front !== true && (!keep || !outlivesDaemon(task))
    );
    await Promise.all(ending.map((task) => this.#runner.stop(task, { event: "lose", reason: "lost" })));
    await leaveTasks(this.#queue.all(), { history: this.#history, runner: this.#runner });
    this.#fronts[Symbol.dispose]();
    await this.#sweep.sweep();
    this.#exits[Symbol.dispose]();
    this.#history[Symbol.dispose]();
  }

  /** What only this daemon knows of the tasks that it leaves. */
  get environments(): Environments {
    return environmentsOf(this.#queue.all());
  }

  #makeDirectories(): void {
    for (const name of ["input", "logs"]) {
      makePrivateDirectory(join(this.#directory, name));
    }
  }

  #configOf({ info: { name, root }, request: { command } }: TaskRecord): TaskConfig | undefined {
    try {
      return name === null || command !== null ? undefined : this.#project(root).tasks.get(name);
    } catch (error) {
      this.#options.onProblem(`Task "${name}" goes on without its manifest: ${errorMessage(error)}`);
      return undefined;
    }
  }

  #enqueue(task: TaskRecord): void {
    task.queue();
    this.#queue.add(task);
    this.#history.put(task);
    this.#news.tell("task.queued", task.info, { attempt: task.info.attempt });
    this.#queue.fill();
  }

  /** Its turn has come. @throws when that cannot be recorded */
  #start(task: TaskRecord): Promise<void> {
    this.#history.put(task);
    return this.#runner.run(
      task,
      (hooks) => execute(task, { ...this.#deps(hooks), project: this.#project(task.info.root) }),
      { adopted: false },
    );
  }

  #deps(hooks: AttemptHooks): Omit<ExecuteDeps, "project"> {
    const { user, callBackend } = this.#options;
    return {
      user,
      history: this.#history,
      callBackend,
      inputDirectory: join(this.#directory, "input"),
      exits: this.#exits,
      sweep: this.#sweep,
      ...hooks,
    };
  }

  /** @throws {RequestError} `not_found` */
  #get(id: string): StoredTask {
    let task = this.#queue.get(id) ?? this.#history.get(id);
    if (task === undefined) {
      this.#fronts.readAll();
      task = this.#queue.get(id) ?? this.#history.get(id);
    }
    if (task === undefined) throw unknownTaskId(id);
    return task;
  }

  #project(cwd: string): ProjectTasks {
    return projectTasks(this.#options.projects.open(cwd));
  }
}
