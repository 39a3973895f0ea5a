import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { ExitWatch } from "../process/exit_watch.ts";
import { exitNumber } from "../process/exit.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import type { TaskInfo } from "../protocol/methods/task_methods.ts";
import type { UserContext } from "../tools/project/project.ts";
import { adoptCommand, type CommandRun, runCommand } from "./command_run.ts";
import type { History, StoredTask } from "./history.ts";
import type { Execution, Outcome } from "./execution.ts";
import { CHANGED_MEANWHILE, fingerprint, Fingerprints, freshness, inputsBefore } from "./inputs.ts";
import { markerOf } from "./marker.ts";
import { type PrepareOptions, prepareTask, taskDirectory } from "./prepare_task.ts";
import { skipReason } from "./preconditions.ts";
import { configOf, type ProjectTasks } from "./project_tasks.ts";
import type { StraySweep } from "./stray_sweep.ts";
import { readArguments, type TaskArguments } from "./task_arguments.ts";
import { noInputFile } from "./task_input.ts";
import type { TaskRecord } from "./task_record.ts";
import type { TaskConfig } from "./task_schema.ts";

/** Calls a method of a backend, which reports progress by events. */
export type CallBackend = (
  target: { backend: string; cwd: string },
  method: string,
  data: unknown,
  options: { signal: AbortSignal; onProgress: (event: string, data: unknown) => void },
) => Promise<unknown>;

export interface ExecuteDeps {
  user: UserContext;
  project: ProjectTasks;
  history: History;
  callBackend: CallBackend;
  inputDirectory: string;
  exits: ExitWatch;
  sweep: StraySweep;
  onStarted: (execution: Execution) => void;
  onEvent: (event: string, data: unknown) => void;
  onTimeout: () => void;
  /** Whether this daemon starts no more commands, since the next one will. */
  leaving: () => boolean;
}

/**
 * Runs a task once, to its end.
 *
 * @throws {HaftError} when it cannot be started
 */
export async function execute(task: TaskRecord, deps: ExecuteDeps): Promise<Outcome> {
  const { info, request } = task;
  // A task of another program's file has a name, and its program's command.
  const config = info.name === null || request.command !== null
    ? undefined
    : configOf(deps.project, info.name);
  if (config !== undefined) deps.project.requireTrust();
  const given = config === undefined
    ? { values: {}, words: request.args ?? [] }
    : readArguments(info.name ?? "", config, { words: request.args ?? [], rest: [] });
  const inputs = config === undefined || config.inputs.length === 0 || info.name === null
    ? undefined
    : { config, name: info.name, directory: taskDirectory(info.root, config, request.cwd) };
  if (config !== undefined && (config.if !== undefined || config.status !== undefined)) {
    const force = request.force === true;
    const reason = await skipReason(config, prepareOptions(task, config, given, deps), { force });
    if (reason !== undefined) return { ok: true, exitCode: null, result: null, skipped: reason };
  }
  const fingerprints = new Fingerprints(join(deps.inputDirectory, "..", "fingerprints"));
  if (inputs !== undefined && request.force !== true) {
    const last = fingerprints.get(info.root, inputs.name);
    if (freshness(inputs.directory, inputs.config, { given, last }).state === "fresh") {
      return { ok: true, exitCode: null, result: null, skipped: "unchanged" };
    }
  }
  using _ = timeLimit(config, deps);
  const before = inputs === undefined ? undefined : inputsBefore(inputs.directory, inputs.config);
  const outcome = config?.backend === undefined
    ? await runAsCommand(task, config, given, deps)
    : await runAsRequest(task, { ...config, backend: config.backend }, deps);
  if (outcome.ok && inputs !== undefined) {
    const isSame = before === inputsBefore(inputs.directory, inputs.config);
    // The outputs exist only now.
    const after = isSame ? fingerprint(inputs.directory, inputs.config, given) : { hash: CHANGED_MEANWHILE };
    if ("hash" in after) fingerprints.set(info.root, inputs.name, after.hash);
  }
  return outcome;
}

/**
 * Goes on with a command that an earlier daemon started, and with those that follow it.
 *
 * @param config undefined when the manifest does not have it any more
 */
export async function goOnWith(
  task: TaskRecord,
  process: NonNullable<StoredTask["process"]>,
  config: TaskConfig | undefined,
  deps: Omit<ExecuteDeps, "project"> & { openProject: () => ProjectTasks },
): Promise<Outcome> {
  const { info, command = { index: 0, of: 1 } } = task;
  using _ = timeLimit(config, deps, Date.now() - (info.started_at ?? Date.now()));
  const adopted = () =>
    adoptCommand(process, {
      marker: process.marker,
      inputPath: inputPath(deps, info),
      exits: deps.exits,
      onEvent: deps.onEvent,
    });
  const outcome = await runOne(adopted, { task, command, config, deps });
  if (outcome !== undefined) return outcome;
  const first = command.index + 1;
  if (first >= command.of) return SUCCEEDED;
  if (config === undefined) {
    throw new HaftError(`Task "${info.name}" has more commands, and its manifest does not have it any more`);
  }
  const project = deps.openProject();
  project.requireTrust();
  const given = readArguments(info.name ?? "", config, { words: task.request.args ?? [], rest: [] });
  return await runAsCommand(task, config, given, { ...deps, project }, first);
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

function inputPath({ inputDirectory }: Pick<ExecuteDeps, "inputDirectory">, { id }: TaskInfo): string {
  return join(inputDirectory, `${id}.json`);
}

/** @param first the number of the first command to run */
async function runAsCommand(
  task: TaskRecord,
  config: TaskConfig | undefined,
  given: TaskArguments,
  deps: ExecuteDeps,
  first = 0,
): Promise<Outcome> {
  const { history } = deps;
  const { info } = task;
  const { programs, cwd, env } = prepareTask(prepareOptions(task, config, given, deps));
  const input = hasInput(task) ? inputOf(task, history) : undefined;
  for (const [index, program] of programs.entries()) {
    if (index < first) continue;
    if (deps.leaving()) return { ok: "left" };
    const start = () =>
      runCommand({
        ...program,
        cwd,
        env: { ...env, HAFT_TASK_ID: info.id, HAFT_TASK_ATTEMPT: String(info.attempt) },
        log: info.log,
        marker: markerOf(info),
        sweep: deps.sweep,
        inputPath: input === undefined ? noInputFile(deps.inputDirectory) : inputPath(deps, info),
        input,
        onEvent: deps.onEvent,
      });
    const outcome = await runOne(start, { task, command: { index, of: programs.length }, config, deps });
    if (outcome !== undefined) return outcome;
  }
  return SUCCEEDED;
}

const SUCCEEDED: Outcome = { ok: true, exitCode: 0, result: undefined, skipped: null };

/**
 * Runs one command of a task to its end. @returns undefined when it succeeded, and the next one may follow
 */
async function runOne(
  start: () => Promise<CommandRun>,
  { task, command, config, deps }: {
    task: TaskRecord;
    command: NonNullable<StoredTask["command"]>;
    config: TaskConfig | undefined;
    deps: Pick<ExecuteDeps, "onStarted" | "leaving">;
  },
): Promise<Outcome | undefined> {
  let stopped = false;
  const started = start().then((run) => {
    deps.onStarted({
      process: { ...run.identity, marker: markerOf(task.info) },
      command,
      say: run.say,
      stop: async () => {
        stopped = true;
        await run.stop();
      },
      detach: run.detach,
    });
    return run;
  });
  task.starting = started;
  const { code, signal } = await (await started).ended;
  if (code === null && signal === null) return { ok: undefined };
  if (code === 0 && !stopped) {
    const isLast = command.index + 1 === command.of;
    return deps.leaving() && !isLast ? { ok: "left" } : undefined;
  }
  return {
    ok: false,
    exitCode: stopped ? code : exitNumber({ code, signal }),
    error: signal === null ? `It ended with code ${code}` : `It was ended by ${signal}`,
    ...retriesOf(config),
  };
}

function prepareOptions(
  { info, request, environment }: TaskRecord,
  config: TaskConfig | undefined,
  given: TaskArguments,
  { project, inputDirectory }: ExecuteDeps,
): PrepareOptions {
  return {
    project,
    name: info.name ?? undefined,
    config,
    command: request.command,
    given,
    inherited: environment,
    callerDirectory: request.cwd,
    scripts: join(inputDirectory, "..", "scripts"),
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
    return { ok: true, exitCode: null, result, skipped: null };
  } catch (error) {
    return { ok: false, exitCode: null, error: errorMessage(error), ...retriesOf(config) };
  } finally {
    ended.resolve();
  }
}

function retriesOf(config: TaskConfig | undefined): { retries: number; retryDelay: number } {
  return { retries: config?.retries ?? 0, retryDelay: config?.retry_delay ?? 0 };
}

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
