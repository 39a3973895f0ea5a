import { codeOf } from "../../base/ending_signal.ts";
import { join } from "node:path";
import process from "node:process";
import { HaftError } from "../../base/errors.ts";
import { forPeople } from "../../base/system_error.ts";
import { BROKEN_PIPE, ExitCode } from "../../base/exit_code.ts";
import { callerEnvironment } from "../../base/caller_environment.ts";
import type { Env } from "../../base/env.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import { frontDirectory, FrontJournal } from "../../tasks/front/front_files.ts";
import { identityOf } from "../../tasks/front/front_leftovers.ts";
import { FrontTask } from "../../tasks/front/front_task.ts";
import type { FrontTaskOptions } from "../../tasks/front/front_task_options.ts";
import type { FrontStdin } from "../../tasks/front/front_process.ts";
import { runsOn } from "../../tasks/prepare_task.ts";
import type { ProjectTasks } from "../../tasks/project_tasks.ts";
import { isGroup } from "../../tasks/task_group.ts";
import type { PlannedTask } from "../../tasks/task_plan.ts";
import { runtime } from "../../runtime/mod.ts";
import { createStyle } from "../../ui/style.ts";
import { callerEnv } from "../caller_env.ts";
import type { Command, Context } from "../command.ts";
import { untilHangup } from "../hangup.ts";
import { planRun, scoped } from "./plan_run.ts";
import { runGraph } from "./run_graph.ts";
import { parseRun, RUN_FLAGS, type TaskRunOptions } from "./run_options.ts";
import { TaskOutputs } from "./task_output.ts";
import { reasonText } from "./failure_text.ts";
import { skippedText } from "./skipped_text.ts";
import { worstExit } from "./worst_exit.ts";

export const command: Command<TaskRunOptions> = {
  usage: ["NAME [ARGS…]", "NAME…", "NAME -- ARGS…", "-- COMMAND…"],
  flags: RUN_FLAGS,
  examples: [
    "haft run test",
    "haft run lint test build -k",
    "haft run deploy --env prod",
    "haft run test -- --watch",
  ],
  completes: "tasks",
  stopEarly: true,
  parse: parseRun,
  run: runCommand,
};

/** A task of the plan, or the command of the command line. */
type Runnable = PlannedTask | undefined;

async function runCommand(options: TaskRunOptions, context: Context): Promise<ExitCode> {
  const { words, rest, help, color } = options;
  if (color !== undefined) { for (const output of [context.stdout, context.stderr]) output.useColor(color); }
  if (words.length === 0 && rest.length === 0) {
    const { pickTask } = await import("./pick_task.ts");
    const picked = await pickTask(context);
    return picked === undefined
      ? ExitCode.interrupted
      : await runCommand({ ...options, words: [picked] }, context);
  }
  const plan = words.length === 0 ? undefined : await planRun(options, context);
  if (plan !== undefined && words.some((word) => word.startsWith("-"))) {
    const { mistypedNote } = await import("./mistyped_option.ts");
    const note = mistypedNote(words, plan);
    if (note !== undefined) await context.stderr.write(note);
  }
  if (help && plan !== undefined) {
    const { taskHelp } = await import("./task_help.ts");
    await context.stdout.write(taskHelp(plan, words, context.stdout));
    return ExitCode.ok;
  }
  const own = plan === undefined ? await scoped(context, ({ projects: [nearest] }) => nearest) : undefined;
  const projects = plan === undefined ? [own] : [...plan.values()].map(({ project }) => project);
  if (!projects.every((one) => one?.isRecorded)) {
    const { offerTrust } = await import("../ask_trust.ts");
    await offerTrust(context, { declared: plan !== undefined, runsHere: true });
  }
  // Before anything runs, so that a yes to the question is enough.
  for (const project of new Set(projects)) if (project?.program !== undefined) project.requireTrust();
  const nodes: ReadonlyMap<string, Runnable> = plan ?? new Map([["command", undefined]]);
  using hangup = untilHangup(context.signal);
  const code = await new TaskRun(options, { ...context, signal: hangup.signal }, { nodes, own }).run();
  return codeOf(code, hangup.signal);
}

/** One `haft run`: its tasks in order, with their output and their ends. */
class TaskRun {
  readonly #options: TaskRunOptions;
  readonly #context: Context;
  readonly #nodes: ReadonlyMap<string, Runnable>;
  /** The project of the command line's command. */
  readonly #own: ProjectTasks | undefined;
  readonly #outputs: TaskOutputs;
  readonly #journal: FrontJournal;
  readonly #ended: TaskInfo[] = [];
  readonly #quiet: boolean;
  #environment: Env | undefined;

  constructor(
    options: TaskRunOptions,
    context: Context,
    { nodes, own }: { nodes: ReadonlyMap<string, Runnable>; own: ProjectTasks | undefined },
  ) {
    this.#options = options;
    this.#context = context;
    this.#nodes = nodes;
    this.#own = own;
    const directory = frontDirectory(join(context.paths.state, "tasks"));
    this.#journal = new FrontJournal(directory, {
      front: identityOf(process.pid),
      onUnwritable: (error) =>
        void this.#say(`This run is not kept in the history: ${forPeople(error).message}`),
    });
    const mode = options.output ?? (nodes.size > 1 ? "prefixed" : "raw");
    this.#quiet = mode === "quiet";
    const labels = [...nodes.values()].filter((task) => task === undefined || !isGroup(task.config)).map((
      task,
    ) => task?.label ?? "command");
    // What a task writes that has not got the terminal reaches it as it is only when that was asked for.
    const filtered = nodes.size === 1 &&
      (mode === "quiet" || (options.output === undefined && !this.#streams().recorded));
    this.#outputs = new TaskOutputs(context, {
      mode: filtered ? "filtered" : mode,
      timestamps: options.timestamps,
      labels,
    });
  }

  async run(): Promise<ExitCode> {
    const { jobs, keepGoing } = this.#options;
    const { signal } = this.#context;
    this.#environment = await callerEnv(this.#options, this.#context);
    await this.#confirm();
    await this.#announceForeign();
    const keys = [...this.#nodes.keys()];
    const graph = new Map([...this.#nodes].map(([key, task]) => [key, { after: task?.after ?? [] }]));
    try {
      await runGraph(graph, {
        jobs,
        keepGoing,
        signal,
        run: (key, stop) => this.#runOne(this.#nodes.get(key), keys.indexOf(key), stop),
        onSkipped: (key) => this.#say(`${this.#label(key)} is not run: what it depends on was not completed`),
      });
    } finally {
      this.#journal.close();
    }
    if (signal.aborted && this.#ended.every(({ reason }) => reason !== "failed")) return ExitCode.interrupted;
    return worstExit(
      this.#ended.toSorted((a, b) => Number(b.reason === "failed") - Number(a.reason === "failed")),
    );
  }

  /** @returns whether what follows may run */
  async #runOne(task: Runnable, index: number, signal: AbortSignal): Promise<boolean> {
    const { stdout } = this.#context;
    const { json, output } = this.#options;
    if (task !== undefined && !runsHere(task)) {
      await this.#say(`${task.label}: skipped, it runs on ${task.config.platforms?.join(", ")} only`);
      return true;
    }
    if (task !== undefined && isGroup(task.config)) return true;
    const written = this.#outputs.of(task?.label ?? "command", index);
    const info = await this.#execute(task, written, signal);
    await written.end();
    this.#ended.push(info);
    if (json) await stdout.data(`${JSON.stringify(info)}\n`);
    else if (stdout.closed && info.exit_code === BROKEN_PIPE) return false;
    else if (this.#nodes.size > 1 || info.skipped || info.state !== "completed" || output === "prefixed") {
      const failed = info.state === "aborted" && info.reason !== "cancelled";
      await this.#say(summary(task?.label ?? "command", info), failed ? "red" : "dim");
    }
    return info.state === "completed";
  }

  async #execute(
    task: Runnable,
    written: ReturnType<TaskOutputs["of"]>,
    signal: AbortSignal,
  ): Promise<TaskInfo> {
    const { json, force, verbose, text, images, configuration } = this.#options;
    const needsDaemon = task?.config.backend !== undefined || text !== undefined || images.length > 0 ||
      configuration !== undefined;
    if (needsDaemon) {
      const { runInDaemon } = await import("./run_in_daemon.ts");
      return await runInDaemon(task, {
        options: this.#options,
        context: this.#context,
        env: callerEnvironment(this.#environment ?? {}),
        written,
        signal,
      });
    }
    const { stdin, direct, recorded } = this.#streams();
    const project = task?.project ?? this.#own;
    if (project === undefined) throw new TypeError("neither a task nor a command's project");
    if (task !== undefined) project.requireTrust();
    return await new FrontTask({
      user: this.#context,
      journal: this.#journal,
      project,
      name: task?.name,
      ...this.#commandOf(task),
      given: task?.given ?? { values: {}, words: [] },
      inherited: this.#environment ?? {},
      stdin,
      recorded,
      lendTerminal: this.#context.lendTerminal,
      onFurtherSignal: this.#context.onFurtherSignal,
      direct,
      onOutput: (stream, chunk) => json || written.write(stream, chunk),
      signal,
      force,
      onReason: (reason) => {
        if (verbose) void this.#say(`${task?.label ?? "command"}: ${reason}`);
      },
      onInsistence: (text) => void this.#say(`${task?.label ?? "command"} ${text}`),
    }).run();
  }

  /** Another program's task is its command in the directory of its file, for haft's history, too. */
  #commandOf(task: Runnable): Pick<FrontTaskOptions, "config" | "command" | "callerDirectory"> {
    const callerDirectory = this.#context.cwd;
    if (task === undefined) return { config: undefined, command: this.#options.rest, callerDirectory };
    if (task.project.program === undefined) return { config: task.config, command: null, callerDirectory };
    return {
      config: undefined,
      command: foreignCommand(task),
      callerDirectory: task.config.dir ?? callerDirectory,
    };
  }

  /** One task alone has the terminal; several share none. */
  #streams(): { stdin: FrontStdin; direct: boolean; recorded: boolean } {
    const { tty, record, json, output, timestamps, watched } = this.#options;
    const { stdin, stdout, stderr } = this.#context;
    const piped = { direct: false, recorded: false };
    if (this.#nodes.size > 1) return { stdin: "none", ...piped };
    const raw = (output ?? "raw") === "raw" && !timestamps && !json;
    const direct = raw && stdout.isTTY && stderr.isTTY;
    if (watched) return { stdin: "none", direct, recorded: false };
    if (!stdin.isTTY) return { stdin: "input", ...piped };
    if (!tty) return { stdin: "none", ...piped };
    const recorded = record && direct && runtime.hasTerminals;
    return { stdin: "terminal", direct: direct && !recorded, recorded };
  }

  /** @throws {HaftError} when a task asks a question that nobody can answer, or the answer is no */
  async #confirm(): Promise<void> {
    const { yes } = this.#options;
    for (const task of this.#nodes.values()) {
      if (task?.config.confirm === undefined || task.again || yes) continue;
      const { confirm } = await import("./confirm.ts");
      if (await confirm(task.config.confirm, this.#context)) continue;
      throw new HaftError(`Task "${task.label}" was not confirmed`, { next: "Answer with y, or give --yes" });
    }
  }

  /** @throws {HaftError} where the program that runs a task is not installed */
  async #announceForeign(): Promise<void> {
    for (const task of this.#nodes.values()) {
      if (task?.project.program === undefined) continue;
      const { announceForeign } = await import("./announce_foreign.ts");
      await this.#say(announceForeign(task, this.#environment));
    }
  }

  #label(key: string): string {
    return this.#nodes.get(key)?.label ?? "command";
  }

  async #say(line: string, color: "dim" | "red" = "dim"): Promise<void> {
    if (this.#quiet || this.#options.json) return;
    const { stderr } = this.#context;
    await stderr.write(`${createStyle(stderr.color)[color](line)}\n`);
  }
}

function foreignCommand({ config: { run = [] } }: PlannedTask): readonly string[] {
  return run.flatMap((words) => words);
}

function runsHere({ config: { platforms } }: PlannedTask): boolean {
  return platforms === undefined || runsOn(platforms, process.platform);
}

function summary(label: string, info: TaskInfo): string {
  const { state, reason, skipped, error, exit_code: exitCode } = info;
  if (skipped) return `${label}: ${skippedText(info)}`;
  if (state === "completed") return `${label}: completed`;
  if (reason === "failed" && exitCode !== null) return `${label}: failed with exit code ${exitCode}`;
  return `${label}: ${reasonText(reason ?? state)}${error === null ? "" : `: ${error}`}`;
}
