/**
 * What the daemon does besides passing messages on. The first request that needs a part loads it, which keeps
 * the memory of a daemon that only passes messages small.
 */
import { existsSync, type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { errorMessage } from "../../base/errors.ts";
import type { AppService } from "../../apps/app_service.ts";
import type { BackendService } from "../../backends/backend_service.ts";
import { compileTypeGlobs } from "../../hub/event_filter.ts";
import type { Hub } from "../../hub/hub.ts";
import type { EventName } from "../../protocol/events.ts";
import type { Environments } from "../../tasks/succession.ts";
import type { TaskService } from "../../tasks/task_service.ts";
import type { UserContext } from "../../tools/project/project.ts";
import type { ProjectCache } from "../../tools/project/project_cache.ts";
import { Lazy } from "./lazy.ts";
import type { ProjectService } from "./project_service.ts";
import type { Tools } from "./tools.ts";

export interface ServicesOptions {
  user: UserContext;
  /** haft's own version. */
  version: string;
  hub: Hub;
  /** What the daemon before this one, in the same process, knew of its tasks' callers. */
  environments?: Environments | undefined;
  /** A line for the daemon's log. */
  log: (line: string) => void;
  onInternalError: (where: string, error: unknown) => void;
  /** How many started tasks may run at a time now. */
  taskPlaces: () => number;
  /** Sends an event to one client alone, if it is still there. */
  relay: (clientId: string, event: string, data: unknown) => void;
  /** Something ended that had kept the daemon from ending for idleness. */
  onWorkEnded: () => void;
}

/** Events that come when work ends without a client's request. */
const ENDS_WORK: ReadonlySet<EventName> = new Set<EventName>([
  "app.status_change",
  "backend.stopped",
  "backend.crashed",
  "task.completed",
  "task.aborted",
]);

export class Services {
  /** What is known of projects, for all parts. */
  readonly projects: Lazy<ProjectCache>;
  readonly projectFacts: Lazy<ProjectService>;
  readonly tools: Lazy<Tools>;
  readonly backends: Lazy<BackendService>;
  readonly apps: Lazy<AppService>;
  readonly tasks: Lazy<TaskService>;
  /** Until the first task runs in front; Deno does not exit while it is open. */
  #frontWatcher: FSWatcher | undefined;
  readonly #options: ServicesOptions;

  constructor(options: ServicesOptions) {
    this.#options = options;
    const { user, version, hub, log, onWorkEnded } = options;
    const emit = (type: EventName, data: object, subject?: string) => {
      hub.publish(type, data, { subject });
      if (ENDS_WORK.has(type)) onWorkEnded();
    };
    this.projects = new Lazy(async () => {
      const { ProjectCache } = await import("../../tools/project/project_cache.ts");
      return new ProjectCache(user);
    });
    this.projectFacts = new Lazy(async () => {
      const { ProjectService } = await import("./project_service.ts");
      return new ProjectService({ user, projects: await this.projects.get() });
    });
    this.tools = new Lazy(async () => {
      const { Tools } = await import("./tools.ts");
      return new Tools({ user, projects: await this.projects.get(), version, emit, log });
    });
    this.backends = new Lazy(async () => {
      const { BackendService } = await import("../../backends/backend_service.ts");
      return new BackendService({ user, projects: await this.projects.get(), emit });
    });
    this.apps = new Lazy(async () => {
      const { AppService } = await import("../../apps/app_service.ts");
      const apps = new AppService({
        stateDirectory: user.paths.state,
        projects: await this.projects.get(),
        emit,
        onProblem: log,
      });
      await apps.begin();
      return apps;
    });
    this.tasks = new Lazy(async () => {
      const { TaskService } = await import("../../tasks/task_service.ts");
      const tasks = new TaskService({
        user,
        projects: await this.projects.get(),
        emit,
        relay: options.relay,
        environments: options.environments,
        places: options.taskPlaces,
        callBackend: async (target, method, data, call) =>
          await (await this.backends.get()).call(target, method, data, { ...call, timeoutMs: Infinity }),
        onProblem: log,
      });
      await tasks.begin();
      return tasks;
    });
  }

  /** Whether there is something to look after. */
  get busy(): boolean {
    return (this.backends.now?.running ?? 0) > 0 || this.apps.now?.isBusy === true ||
      this.tasks.now?.isBusy === true;
  }

  /** Takes up what an earlier daemon left; called once the daemon answers. */
  begin(): void {
    const journal = join(this.#options.user.paths.state, "apps");
    const left = existsSync(journal) && readdirSync(journal).some((name) => name.endsWith(".json"));
    if (left) this.#load("the apps", this.apps);
    const tasks = join(this.#options.user.paths.state, "tasks");
    if (existsSync(join(tasks, "history.db"))) this.#load("the tasks", this.tasks);
    else this.#awaitFronts(join(tasks, "front"));
  }

  /** Loads the tasks when the first one runs in front of a terminal. */
  #awaitFronts(directory: string): void {
    try {
      makePrivateDirectory(directory);
      this.#frontWatcher = watch(directory, { persistent: false }, () => {
        this.#frontWatcher?.close();
        this.#load("the tasks", this.tasks);
      });
      if (readdirSync(directory).length > 0) this.#load("the tasks", this.tasks);
    } catch (error) {
      this.#options.log(`Tasks that run in front are not seen: ${errorMessage(error)}`);
    }
  }

  /** A client subscribed to events of these types: load what publishes them. */
  subscribed(types: readonly string[]): void {
    const matches = compileTypeGlobs(types);
    if (["runtime.installed", "runtime.removed", "config.changed"].some(matches)) {
      this.#load("the tools", this.tools);
    }
  }

  /**
   * The state from which a stream of events of these types goes on, as far as it is known without waiting.
   */
  snapshot(types: readonly string[]): Record<string, unknown> {
    const matches = compileTypeGlobs(types);
    const apps = matches("app.status_change") ? this.apps.now?.status({}).apps : undefined;
    const backends = matches("backend.ready") ? this.backends.now?.list(undefined) : undefined;
    const tasks = matches("task.started")
      ? this.tasks.now?.list({ states: ["queued", "running"], limit: 500 }).tasks
      : undefined;
    return Object.fromEntries(
      Object.entries({ apps, backends, tasks }).filter(([, state]) => state !== undefined),
    );
  }

  /** What was remembered of projects and settings is read again when it is needed. */
  reload(): void {
    this.projects.now?.clear();
    this.tasks.now?.reload();
  }

  /** The daemon begins to stop: what only waits for apps to come up ends. */
  leave(options: { keepApps: boolean }): void {
    this.apps.now?.leave(options);
  }

  /** @param options.keepApps leaves apps, and tasks that are commands, to the next daemon */
  async close({ keepApps }: { keepApps: boolean }): Promise<void> {
    this.#frontWatcher?.close();
    this.tools.now?.[Symbol.dispose]();
    // Tasks may need their backends to end.
    await this.tasks.now?.end({ keep: keepApps });
    await Promise.all([
      this.backends.now?.[Symbol.asyncDispose](),
      this.apps.now?.close({ keepApps }),
    ]);
  }

  #load(what: string, part: Lazy<unknown>): void {
    part.get().catch((error) => this.#options.onInternalError(what, error));
  }
}
