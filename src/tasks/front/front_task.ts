import { startFailureCode } from "../../process/find_command.ts";
import { join } from "node:path";
import { endingSignal } from "../../base/ending_signal.ts";
import { errorMessage } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { backoffDelay } from "../../process/backoff.ts";
import { pause, systemClock } from "../../process/clock.ts";
import { type Exit, exitNumber } from "../../process/exit.ts";
import { MARKER_VARIABLE } from "../../process/process_table.ts";
import type { AbortReason, SkipReason, TaskInfo } from "../../protocol/methods/task_methods.ts";
import { RETRY } from "../retry.ts";
import type { Program } from "../../process/command_line.ts";
import { markerOf } from "../marker.ts";
import { noInputFile } from "../task_input.ts";
import { prepareTask, taskDirectory } from "../prepare_task.ts";
import { type TaskEnd, TaskRecord } from "../task_record.ts";
import type { TaskConfig } from "../task_schema.ts";
import { frontDirectory, type FrontMessage, wasCancelled } from "./front_files.ts";
import { FrontChannel } from "./front_channel.ts";
import { identityOf, stopGroup, stopMarked } from "./front_leftovers.ts";
import { FrontLog } from "./front_log.ts";
import { type FrontProcess, startFront } from "./front_process.ts";
import type { FrontTaskOptions } from "./front_task_options.ts";
import { HANDLED_MS, Insistence, insistenceText } from "./insistence.ts";
import { taskChain } from "./task_chain.ts";
import { type ScriptsDirectory, scriptsDirectory } from "./front_scripts.ts";

type Outcome = { ok: true } | { ok: false; exit: Exit; error: string };

/** Milliseconds from a cancellation's first signal to SIGKILL. */
const STOP_MS = 5_000;
/** Milliseconds in which haft's own SIGHUP arrives after its command's. */
const HANGUP_MS = 50;
/** Milliseconds that what a command says may wait for what it says next. */
const MESSAGES_MS = 20;

/** One task that this process itself runs, to its end. The daemon gets to know it by its file. */
export class FrontTask {
  readonly #options: FrontTaskOptions;
  readonly #record: TaskRecord;
  readonly #tasks: string;
  /** What the command said that is not written yet. */
  readonly #messages: FrontMessage[] = [];
  #said = 0;
  #running: FrontProcess | undefined;
  #scripts: ScriptsDirectory | undefined;
  #ending: AbortReason | undefined;
  readonly #log: FrontLog;
  /** It was told to end, which Ctrl-C on its own terminal is not. */
  #stopped = false;
  #channel: FrontChannel | undefined;
  #further: Disposable | undefined;

  constructor(options: FrontTaskOptions) {
    this.#options = options;
    const { user, project, name, command, given, callerDirectory, journal } = options;
    this.#tasks = join(user.paths.state, "tasks");
    this.#record = TaskRecord.create({
      cwd: callerDirectory,
      name,
      command: command === null ? undefined : [...command],
      args: [...given.words],
    }, {
      root: project.root,
      clientId: null,
      bootId: journal.front.bootId,
      logs: join(this.#tasks, "logs"),
    });
    this.#log = new FrontLog(this.#record.info.log, journal);
  }

  /** Never throws for what goes wrong with the task itself: its end says so. */
  async run(): Promise<TaskInfo> {
    const { signal } = this.#options;
    const cancel = () => this.#stop("cancelled", endingSignal(signal));
    signal.addEventListener("abort", cancel, { once: true });
    try {
      this.#record.run();
      const skipped = await this.#skipReason();
      if (skipped === undefined) await this.#attempts();
      else this.#end({ state: "completed", exitCode: null, skipped });
    } catch (error) {
      this.#end({
        state: "aborted",
        reason: this.#ending ?? "failed",
        error: errorMessage(error),
        exitCode: startFailureCode(error),
      });
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#further?.[Symbol.dispose]();
      this.#log[Symbol.dispose]();
      this.#scripts?.[Symbol.dispose]();
      // What fails before a command starts must not leave a listener, which would keep haft from exiting.
      await this.#closeChannel();
    }
    return this.#record.info;
  }

  async #attempts(): Promise<void> {
    const { config } = this.#options;
    for (;;) {
      const before = await this.#inputs();
      const outcome = await this.#attempt();
      if (outcome.ok) {
        await this.#keepFingerprint(before === await this.#inputs());
        return this.#end({ state: "completed", exitCode: 0 });
      }
      const { exit, error } = outcome;
      const code = exitNumber(exit);
      const reason = this.#ending ??
        (wasCancelled(frontDirectory(this.#tasks), this.#record.info.id) ? "cancelled" : "failed");
      if (reason !== "failed" || this.#record.tries > (config?.retries ?? 0)) {
        return this.#end({
          state: "aborted",
          reason,
          error: reason === "failed" ? error : null,
          exitCode: reason === "failed" ? code : exit.code,
        });
      }
      const wait = backoffDelay(
        { ...RETRY, initial: config?.retry_delay ?? 0 },
        this.#record.tries,
        Math.random(),
      );
      this.#record.retryAfter(code);
      this.#write();
      await pause(systemClock, wait, this.#options.signal);
      this.#record.run();
    }
  }

  async #attempt(): Promise<Outcome> {
    const { config, name = "command", inherited } = this.#options;
    const chain = taskChain(name, inherited);
    const { programs, cwd, env } = prepareTask({
      ...this.#options,
      scripts: this.#scriptsPath(),
    });
    const marker = markerOf(this.#record.info);
    const own = {
      ...env,
      ...await this.#openChannel(marker),
      ...chain,
      HAFT_TASK_ID: this.#record.info.id,
      HAFT_TASK_ATTEMPT: String(this.#record.info.attempt),
      HAFT_TASK_INPUT: this.#options.journal.keep(() => noInputFile(join(this.#tasks, "input"))) ?? "",
      [MARKER_VARIABLE]: `${marker}/0/${crypto.randomUUID()}`,
    };
    const timer = config?.timeout === undefined
      ? undefined
      : setTimeout(() => this.#stop("timed_out", "SIGTERM"), config.timeout);
    try {
      for (const program of programs) {
        if (this.#ending !== undefined) return { ok: false, exit: { code: null, signal: null }, error: "" };
        const exit = await this.#runProgram({ program, cwd, env: own, marker });
        if (exit.code === 0 && this.#ending === undefined) continue;
        const error = exit.signal === null
          ? `It ended with code ${exit.code}`
          : `It was ended by ${exit.signal}`;
        return { ok: false, exit, error };
      }
      return { ok: true };
    } finally {
      clearTimeout(timer);
      await this.#closeChannel();
    }
  }

  async #runProgram(
    { program, cwd, env, marker }: {
      program: Program;
      cwd: string;
      env: Record<string, string>;
      marker: string;
    },
  ): Promise<Exit> {
    const { stdin, recorded, direct, onOutput, lendTerminal } = this.#options;
    const insistence = new Insistence();
    const onInterrupt = () => {
      const pid = this.#running?.pid;
      if (insistence.press()) setTimeout(() => this.#decide(insistence, pid), HANDLED_MS).unref();
    };
    using loan = stdin === "terminal" ? lendTerminal(onInterrupt) : undefined;
    const running = this.#running = await startFront({
      program,
      cwd,
      env,
      stdin,
      recorded,
      direct,
      onOutput: (stream, chunk) => {
        this.#log.write(chunk);
        return onOutput(stream, chunk);
      },
    });
    const identity = identityOf(running.pid);
    this.#record.started({
      process: { ...identity, marker },
      say() {},
      stop: () => Promise.resolve(),
    });
    this.#write();
    const exit = await running.ended;
    this.#running = undefined;
    // On a busy machine the end is heard of before a Ctrl-C that came earlier, which is not haft's either.
    if (loan !== undefined) await new Promise((resolve) => setTimeout(resolve, 0));
    if (loan?.interrupted === true && wasInterrupted(exit)) this.#ending ??= "cancelled";
    // A closed terminal tells the command and haft at once, and the command's end may be heard of first.
    if (exit.signal === "SIGHUP") await pause(systemClock, HANGUP_MS, this.#options.signal);
    // What a script left in the background goes with it; in a terminal it stays, as in a shell.
    if (recorded || stdin !== "terminal") await stopGroup(identity, marker);
    else if (this.#stopped) await stopMarked(marker);
    return exit;
  }

  #decide(insistence: Insistence, pid: number | undefined): void {
    const running = this.#running;
    if (running === undefined || running.pid !== pid) return;
    this.#insist(insistence.decide({ isAtPrompt: running.isAtPrompt() }));
  }

  /** Sends a command that goes on after Ctrl-C what a further one means. */
  #insist(signal: ReturnType<Insistence["next"]>): void {
    const running = this.#running;
    if (running === undefined || signal === undefined) return;
    this.#ending ??= "cancelled";
    this.#stopped = true;
    this.#options.onInsistence(insistenceText(signal));
    running.signal(signal);
  }

  /** The first reason counts. A further signal of the user's is a stronger one, and in the end haft's own. */
  #stop(reason: AbortReason, signal: NodeJS.Signals): void {
    this.#ending ??= reason;
    this.#stopped = true;
    const running = this.#running;
    if (running === undefined) return;
    // Of a task that has the terminal, Ctrl-C never gets here.
    running.signal(this.#options.stdin === "terminal" && signal === "SIGINT" ? "SIGTERM" : signal);
    const insistence = new Insistence();
    this.#further ??= this.#options.onFurtherSignal(() => {
      const stronger = insistence.next();
      if (stronger === undefined || stronger === "SIGKILL") this.#further?.[Symbol.dispose]();
      this.#insist(stronger);
    });
    setTimeout(() => running.signal("SIGTERM"), STOP_MS / 2).unref();
    setTimeout(() => running.signal("SIGKILL"), STOP_MS).unref();
  }

  /** Undefined when there is something to do. */
  async #skipReason(): Promise<SkipReason | undefined> {
    const { config, name, force, given, project, onReason } = this.#options;
    if (config === undefined || name === undefined) return undefined;
    if (config.if !== undefined || config.status !== undefined) {
      const { skipReason } = await import("../preconditions.ts");
      const options = { ...this.#options, scripts: this.#scriptsPath() };
      const reason = await skipReason(config, options, { force });
      if (reason !== undefined) return reason;
    }
    if (config.inputs.length === 0 || force) return undefined;
    const { Fingerprints, freshness } = await import("../inputs.ts");
    const last = new Fingerprints(join(this.#tasks, "fingerprints")).get(project.root, name);
    const result = freshness(this.#taskDirectory(config), config, { given, last });
    if (result.state === "stale") onReason(result.reason);
    if (result.state !== "fresh") return undefined;
    onReason("its inputs and outputs are as they were at its last completion");
    return "unchanged";
  }

  async #inputs(): Promise<string | undefined> {
    const { config } = this.#options;
    if (config === undefined || config.inputs.length === 0) return undefined;
    const { inputsBefore } = await import("../inputs.ts");
    return inputsBefore(this.#taskDirectory(config), config);
  }

  /** @param isSame whether its inputs are as they were before the run */
  async #keepFingerprint(isSame: boolean): Promise<void> {
    const { config, name, given, project } = this.#options;
    if (config === undefined || name === undefined || config.inputs.length === 0) return;
    const { CHANGED_MEANWHILE, Fingerprints, fingerprint } = await import("../inputs.ts");
    const now = isSame
      ? fingerprint(this.#taskDirectory(config), config, given)
      : { hash: CHANGED_MEANWHILE };
    if (!("hash" in now)) return;
    const { hash } = now;
    this.#options.journal.keep(() =>
      new Fingerprints(join(this.#tasks, "fingerprints")).set(project.root, name, hash)
    );
  }

  #scriptsPath(): string {
    return (this.#scripts ??= scriptsDirectory(this.#tasks)).path;
  }

  #taskDirectory(config: TaskConfig): string {
    return taskDirectory(this.#options.project.root, config, this.#options.callerDirectory);
  }

  /** The variables of the channel that the command may talk over; none where it cannot be opened. */
  async #openChannel(marker: string): Promise<Record<string, string>> {
    try {
      this.#channel = await FrontChannel.open(marker, (event, data) => this.#hear(event, data));
    } catch (error) {
      this.#options.journal.keep(() => {
        throw error;
      });
      return {};
    }
    return { HAFT_IPC_CHANNEL: this.#channel.path, HAFT_IPC_MODE: "channel" };
  }

  async #closeChannel(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close();
  }

  #hear(event: string, data: unknown): void {
    if (event === "result") this.#record.setResult(data);
    if (event !== "message" && event !== "progress") return;
    this.#messages.push({ time: Date.now(), from: "task", data: data ?? null });
    // One line for all that a command says at once.
    if (this.#messages.length === 1) setTimeout(() => this.#writeMessages(), MESSAGES_MS).unref();
  }

  #writeMessages(): void {
    if (this.#messages.length > 0 && this.#record.info.state === "running") this.#write();
  }

  #end(end: TaskEnd): void {
    this.#record.end(end);
    this.#write();
  }

  #write(): void {
    const messages = this.#messages.splice(0);
    this.#options.journal.write({ task: this.#record.stored, messages, said: this.#said });
    this.#said += messages.length;
  }
}

/** Ctrl-C ended it, rather than something later: a prompt goes on after Ctrl-C. */
function wasInterrupted({ code, signal }: Exit): boolean {
  return signal === "SIGINT" || code === ExitCode.interrupted;
}
