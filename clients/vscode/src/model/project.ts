import { sep } from "node:path";
import type { DaemonEvent, MethodName, Params, Result } from "../../../../src/client/mod.ts";

export type Tool = Result<"runtime.list">["runtimes"][number];
export type Environment = Result<"runtime.environment">;
export type Trust = Result<"project.trust">;
export type App = Result<"app.status">["apps"][number];
export type DeclaredTask = Result<"project.tasks">["tasks"][number];
export type TaskRun = Result<"task.list">["tasks"][number];

/** What a window knows of a folder's project. After a failure, each part keeps its last good state. */
export interface ProjectState {
  tools: readonly Tool[];
  /** Undefined until it was answered, and while the project is not trusted. */
  environment: Environment | undefined;
  trust: Trust | undefined;
  apps: readonly App[];
  tasks: readonly DeclaredTask[];
  /** Tasks that ran or run, newest first. */
  runs: readonly TaskRun[];
}

export type Part = keyof ProjectState;

export type Ask = <M extends MethodName>(method: M, params: Params<M>) => Promise<Result<M>>;

const ALL: readonly Part[] = ["tools", "trust", "environment", "apps", "tasks", "runs"];
const RUNS_SHOWN = 30;

const LOADERS: { [P in Part]: (ask: Ask, root: string) => Promise<ProjectState[P]> } = {
  tools: async (ask, cwd) => (await ask("runtime.list", { cwd })).runtimes,
  trust: async (ask, cwd) => await ask("project.trust", { cwd }),
  environment: async (ask, cwd) => {
    const { trusted } = await ask("project.trust", { cwd });
    return trusted ? await ask("runtime.environment", { cwd }) : undefined;
  },
  apps: async (ask, cwd) => (await ask("app.status", { cwd })).apps,
  tasks: async (ask, cwd) => (await ask("project.tasks", { cwd })).tasks,
  runs: async (ask, cwd) => (await ask("task.list", { cwd, limit: RUNS_SHOWN })).tasks,
};

export interface ProjectOptions {
  /** The folder. */
  root: string;
  ask: Ask;
  /** A part is not what it was, or can be read again. */
  onChange(part: Part): void;
  /** A part could not be answered; undefined when it can again. The same failure comes once. */
  onProblem(part: Part, error: unknown): void;
}

/** One folder's project as the daemon tells it. Events say what to ask again; nothing is polled. */
export class Project {
  readonly root: string;
  readonly state: ProjectState = {
    tools: [],
    environment: undefined,
    trust: undefined,
    apps: [],
    tasks: [],
    runs: [],
  };
  readonly #options: ProjectOptions;
  /** Parts that could not be answered the last time, and why. */
  readonly failures = new Map<Part, unknown>();
  /** What each part was the last time, as JSON. */
  readonly #answered = new Map<Part, string>();
  /** Parts that are being asked for, and whether to ask once more then. */
  readonly #asking = new Map<Part, boolean>();

  constructor(options: ProjectOptions) {
    this.root = options.root;
    this.#options = options;
  }

  async refresh(parts: readonly Part[] = ALL): Promise<void> {
    // The daemon answers in the order in which it is asked, and a person looks at the tools' versions first.
    if (parts.includes("tools")) await this.#load("tools");
    await Promise.all(parts.filter((part) => part !== "tools").map((part) => this.#load(part)));
  }

  /** Asks again for what an event is about. */
  async handle(event: DaemonEvent): Promise<void> {
    await this.refresh(partsOf(event, this.root));
  }

  async #load<P extends Part>(part: P): Promise<void> {
    if (this.#asking.has(part)) return void this.#asking.set(part, true);
    do {
      this.#asking.set(part, false);
      try {
        const before = this.#answered.get(part);
        this.state[part] = await LOADERS[part](this.#options.ask, this.root) as ProjectState[P];
        const now = JSON.stringify(this.state[part]) ?? "";
        this.#answered.set(part, now);
        const isMended = this.failures.delete(part);
        if (isMended) this.#options.onProblem(part, undefined);
        // Each change is drawn by the window, which takes longer than all that leads to it.
        if (isMended || now !== before) this.#options.onChange(part);
      } catch (error) {
        const isKnown = String(this.failures.get(part)) === String(error);
        this.failures.set(part, error);
        if (!isKnown) this.#options.onProblem(part, error);
      }
    } while (this.#asking.get(part) === true);
    this.#asking.delete(part);
  }
}

/** What of a folder's project an event changes. */
export function partsOf(event: DaemonEvent, folder: string): readonly Part[] {
  const { event: type, data } = event;
  if (type === "reset" || type === "lagged" || type === "config.changed") {
    return ALL;
  }
  if (type === "runtime.installed" || type === "runtime.removed" || type === "install.sync_finished") {
    return ["tools", "environment"];
  }
  const isHere = typeof data === "object" && data !== null && "root" in data &&
    typeof data.root === "string" && concerns(data.root, folder);
  if (type.startsWith("app.") && isHere) return ["apps"];
  if (type.startsWith("task.") && isHere) return ["runs"];
  return [];
}

/** A project's directory is the folder, or has it below, or is below. */
function concerns(root: string, folder: string): boolean {
  const inside = (path: string, of: string) =>
    path === of || path.startsWith(of.endsWith(sep) ? of : of + sep);
  return inside(folder, root) || inside(root, folder);
}
