import { appendFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { resolveProgram } from "../process/command_line.ts";
import type { ExitPoll } from "../process/exit_poll.ts";
import { errorMessage } from "../base/errors.ts";
import type { TaskInfo } from "../protocol/methods/task_methods.ts";
import type { UserContext } from "../tools/project/project.ts";
import { adoptCommand, type CommandRun, runCommand } from "./command_run.ts";
import type { History, StoredTask } from "./history.ts";
import { inputHash } from "./input_hash.ts";
import { configOf, type ProjectTasks } from "./project_tasks.ts";
import type { StraySweep } from "./stray_sweep.ts";
import type { TaskConfig } from "./task_schema.ts";

/** Calls a method of a backend, which reports progress by events. */
export type CallBackend = (
  target: { backend: string; cwd: string },
  method: string,
  data: unknown,
  options: { signal: AbortSignal; onProgress: (event: string, data: unknown) => void },
) => Promise<unknown>;

/** A task while it runs. */
export interface Execution {
  process: StoredTask["process"];
  say(data: unknown): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** Leaves it to the next daemon; undefined when it ends with this one. */
  detach?: () => Promise<void>;
}

export type Outcome =
  | { ok: true; exitCode: number | null; result: unknown; skipped: boolean }
  | { ok: false; exitCode: number | null; error: string; retries: number; retryDelay: number }
  /** It ended, and its exit is unknown. */
  | { ok: undefined };

export interface ExecuteDeps {
  user: UserContext;
  project: ProjectTasks;
  history: History;
  callBackend: CallBackend;
  inputDirectory: string;
  exits: ExitPoll;
  sweep: StraySweep;
  onStarted: (execution: Execution) => void;
  onEvent: (event: string, data: unknown) => void;
  onTimeout: () => void;
}

/**
 * Runs a task once, to its end.
 *
 * @throws {HaftError} when it cannot be started
 */
export async function execute(task: StoredTask, deps: ExecuteDeps): Promise<Outcome> {
  const { info } = task;
  const config = info.name === null ? undefined : configOf(deps.project, info.name);
  if (config !== undefined) deps.project.requireTrust();
  const before = config === undefined ? undefined : inputHash(deps.project.root, config);
  if (
    before !== undefined && info.name !== null && deps.history.fingerprint(info.root, info.name) === before
  ) {
    return { ok: true, exitCode: null, result: null, skipped: true };
  }
  using _ = timeLimit(config, deps);
  const outcome = config?.backend === undefined
    ? await runAsCommand(task, config, deps)
    : await runAsRequest(task, { ...config, backend: config.backend }, deps);
  if (outcome.ok && config !== undefined && info.name !== null) {
    // The outputs exist only now.
    const after = inputHash(deps.project.root, config);
    if (after !== undefined) deps.history.setFingerprint(info.root, info.name, after);
  }
  return outcome;
}

/**
 * Goes on with a command that an earlier daemon started, to its end.
 *
 * @param config undefined when the manifest does not have it any more
 */
export async function goOnWith(
  { info }: StoredTask,
  process: NonNullable<StoredTask["process"]>,
  config: TaskConfig | undefined,
  deps: Omit<ExecuteDeps, "project">,
): Promise<Outcome> {
  const run = await adoptCommand(process, {
    marker: process.marker,
    inputPath: inputPath(deps, info),
    exits: deps.exits,
    onEvent: deps.onEvent,
  });
  using _ = timeLimit(config, deps, Date.now() - (info.started_at ?? Date.now()));
  deps.onStarted({ process, say: run.say, stop: run.stop, detach: run.detach });
  await run.ended;
  return { ok: undefined };
}

function timeLimit(
  config: TaskConfig | undefined,
  { onTimeout }: Pick<ExecuteDeps, "onTimeout">,
  spentMs = 0,
): Disposable {
  const timer = config?.timeout === undefined
    ? undefined
    : setTimeout(onTimeout, Math.max(0, config.timeout - spentMs));
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/**
 * Names an attempt's processes and its channel, so that a later daemon finds what started just before a
 * crash.
 */
export function markerOf({ id, attempt }: TaskInfo): string {
  return `task-${id}-${attempt}`;
}

function inputPath({ inputDirectory }: Pick<ExecuteDeps, "inputDirectory">, { id }: TaskInfo): string {
  return join(inputDirectory, `${id}.json`);
}

async function runAsCommand(
  task: StoredTask,
  config: TaskConfig | undefined,
  deps: ExecuteDeps,
): Promise<Outcome> {
  const { project, history, onStarted, onEvent } = deps;
  const { info, request } = task;
  const env = project.environment(config?.env ?? {});
  const cwd = config === undefined ? request.cwd : resolve(info.root, config.cwd);
  const marker = markerOf(info);
  const input = hasInput(task) ? inputOf(task, history) : undefined;
  const run: CommandRun = await runCommand({
    ...resolveProgram(request.command ?? config?.run ?? [], {
      cwd,
      path: env["PATH"],
      args: config?.args ?? [],
      shell: config?.shell ?? project.shell,
      scripts: join(deps.inputDirectory, "..", "scripts"),
      name: info.name ?? "task",
    }),
    cwd,
    env: { ...env, HAFT_TASK_ID: info.id, HAFT_TASK_ATTEMPT: String(info.attempt) },
    log: info.log,
    marker,
    sweep: deps.sweep,
    inputPath: input === undefined ? noInputPath(deps) : inputPath(deps, info),
    input,
    onEvent,
  });
  onStarted({
    process: { ...run.identity, marker },
    say: run.say,
    stop: run.stop,
    detach: run.detach,
  });
  const { code, signal } = await run.ended;
  if (code === 0) return { ok: true, exitCode: 0, result: undefined, skipped: false };
  return {
    ok: false,
    exitCode: code,
    error: signal === null ? `It ended with code ${code}` : `It was ended by ${signal}`,
    ...retriesOf(config),
  };
}

async function runAsRequest(
  task: StoredTask,
  config: TaskConfig & { backend: string },
  { history, callBackend, onStarted, onEvent }: ExecuteDeps,
): Promise<Outcome> {
  // The start of a command makes its log; a request has none yet.
  appendFileSync(task.info.log, "", { mode: 0o600 });
  const abort = new AbortController();
  const ended = Promise.withResolvers<void>();
  const target = { backend: config.backend, cwd: task.info.root };
  onStarted({
    process: null,
    say: (data) => {
      const message = { id: task.info.id, data };
      void callBackend(target, "message", message, { signal: abort.signal, onProgress: () => {} }).catch(
        () => {},
      );
    },
    async stop() {
      abort.abort(new Error("The task was cancelled"));
      await ended.promise;
    },
  });
  try {
    const data = { id: task.info.id, ...inputOf(task, history) };
    const result = await callBackend(target, config.method, data, {
      signal: abort.signal,
      onProgress: onEvent,
    });
    return { ok: true, exitCode: null, result, skipped: false };
  } catch (error) {
    return { ok: false, exitCode: null, error: errorMessage(error), ...retriesOf(config) };
  } finally {
    ended.resolve();
  }
}

function retriesOf(config: TaskConfig | undefined): { retries: number; retryDelay: number } {
  return { retries: config?.retries ?? 0, retryDelay: config?.retry_delay ?? 0 };
}

/** The input file of all commands without input. */
export function noInputPath({ inputDirectory }: Pick<ExecuteDeps, "inputDirectory">): string {
  return join(inputDirectory, "none.json");
}

/** What such a command reads. */
export const NO_INPUT: Readonly<Record<string, unknown>> = {
  text: null,
  images: [],
  configuration: {},
  attempt: 1,
  resume: false,
  history: [],
};

function hasInput({ info, request: { text, images, configuration } }: StoredTask): boolean {
  return info.attempt > 1 || text !== null || images.length > 0 || Object.keys(configuration).length > 0;
}

/** The input of a task; a resumed one gets its messages too. */
function inputOf({ info, request }: StoredTask, history: History): Record<string, unknown> {
  const { text, images, configuration } = request;
  const resume = info.attempt > 1;
  return {
    text,
    images,
    configuration,
    attempt: info.attempt,
    resume,
    history: resume ? history.messages(info.id) : [],
  };
}
