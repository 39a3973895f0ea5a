import { codeOf } from "../../base/ending_signal.ts";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { inputsOf, InputWatch } from "../../tasks/input_watch.ts";
import { createStyle } from "../../ui/style.ts";
import type { Command, Context, Flag } from "../command.ts";
import { numberFlag, textFlag } from "../flag_values.ts";
import { describeError, errorAsJson } from "../describe_error.ts";
import { untilHangup } from "../hangup.ts";
import { planRun } from "./plan_run.ts";
import { command as run } from "./run.ts";
import { parseRun, RUN_FLAGS, type TaskRunOptions } from "./run_options.ts";

const WHEN_BUSY = ["restart", "queue", "ignore"] as const;
type WhenBusy = typeof WHEN_BUSY[number];

export interface TaskWatchOptions extends TaskRunOptions {
  debounce: number;
  onBusy: WhenBusy;
  /** What to watch instead of the tasks' inputs, relative to the working directory. */
  patterns: readonly string[];
}

const WATCH_FLAGS: readonly Flag[] = [
  {
    name: "pattern",
    short: "p",
    value: "GLOBS",
    completes: "files",
    description: "Watch these instead of the tasks' inputs: 'src/**,!src/gen'",
  },
  { name: "debounce", value: "MS", description: "Milliseconds of quiet after a change (default: 100)" },
  {
    name: "on-busy",
    value: "WHAT",
    completes: WHEN_BUSY,
    description: "On a change while they run: restart them (default), queue one more run, or ignore it",
  },
];

/** `haft watch`. */
export const command: Command<TaskWatchOptions> = {
  usage: ["NAME [ARGS…]", "NAME…", "NAME -- ARGS…"],
  flags: [...WATCH_FLAGS, ...RUN_FLAGS.filter(({ name }) => name !== "record")],
  examples: [
    "haft watch test",
    "haft watch test --pattern 'src/**,!**/*.snap'",
    "haft watch lint test --on-busy queue",
    "haft watch serve -- --port 3000",
  ],
  completes: "tasks",
  stopEarly: true,
  parse(args) {
    const options = parseRun(args, WATCH_FLAGS);
    const onBusy = textFlag(options.all, "on-busy") ?? "restart";
    if (!isWhenBusy(onBusy)) throw new UsageError(`--on-busy takes ${WHEN_BUSY.join(", ")}, not "${onBusy}"`);
    const debounce = numberFlag(options.all, "debounce", { usual: 100, most: 60_000 });
    const patterns = splitPatterns(textFlag(options.all, "pattern") ?? "");
    return { ...options, watched: true, onBusy, debounce, patterns };
  },
  async run(options, context) {
    if (options.words.length === 0 && options.help !== true) {
      const { pickTask } = await import("./pick_task.ts");
      const picked = await pickTask(context, "haft watch");
      if (picked === undefined) return ExitCode.interrupted;
      return await command.run({ ...options, words: [picked] }, context);
    }
    using hangup = untilHangup(context.signal);
    const code = await new TaskWatch(options, { ...context, signal: hangup.signal }).run();
    return codeOf(code, hangup.signal);
  },
};

/** Runs, waits for a change, and runs again, until it is interrupted. */
class TaskWatch {
  readonly #options: TaskWatchOptions;
  readonly #context: Context;
  #changed = Promise.withResolvers<string>();
  /** Ends the run that is going on. */
  #running: AbortController | undefined;

  constructor(options: TaskWatchOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  async run(): Promise<ExitCode> {
    const { signal } = this.#context;
    if (this.#options.help) return await run.run(this.#options, this.#context);
    const interrupted = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
    let watch = await this.#watch();
    try {
      while (!signal.aborted) {
        await this.#runOnce();
        // As in `haft watch test | head`: what further runs print would reach no reader.
        if (signal.aborted || this.#context.stdout.closed) break;
        await this.#say("waiting for a change; Ctrl-C ends it");
        const file = await Promise.race([this.#changed.promise, interrupted]);
        if (file === undefined) break;
        this.#changed = Promise.withResolvers();
        await this.#say(`${file} changed`);
        const next = await this.#tryWatch();
        if (next === undefined) continue;
        watch[Symbol.dispose]();
        watch = next;
      }
    } finally {
      watch[Symbol.dispose]();
    }
    return ExitCode.interrupted;
  }

  /** @throws {UsageError} for an unknown task */
  async #watch(): Promise<InputWatch> {
    const { cwd } = this.#context;
    const { patterns } = this.#options;
    const found = inputsOf((await planRun(this.#options, this.#context)).values(), cwd);
    const watched = patterns.length === 0
      ? found
      : found.map((one) => ({ ...one, directory: cwd, inputs: patterns }));
    return new InputWatch(watched, {
      cwd,
      debounce: this.#options.debounce,
      onChange: (file) => this.#onChange(file),
      onProblem: (text) => void this.#say(text),
    });
  }

  /** A manifest that is wrong for now is watched on until it is right. */
  async #tryWatch(): Promise<InputWatch | undefined> {
    try {
      return await this.#watch();
    } catch (error) {
      if (!(error instanceof HaftError)) throw error;
      return undefined;
    }
  }

  async #runOnce(): Promise<void> {
    const own = this.#running = new AbortController();
    const signal = AbortSignal.any([this.#context.signal, own.signal]);
    try {
      await run.run(this.#options, { ...this.#context, signal });
    } catch (error) {
      // Waiting for a change would be in vain: only a person's word helps.
      if (error instanceof HaftError && error.name === "UntrustedError") throw error;
      if (signal.aborted) return;
      const text = this.#options.json ? errorAsJson(error) : describeError(error, this.#context);
      await this.#context.stderr.write(text);
    } finally {
      this.#running = undefined;
    }
  }

  #onChange(file: string): void {
    const { onBusy } = this.#options;
    if (this.#running !== undefined && onBusy === "ignore") return;
    this.#changed.resolve(file);
    if (onBusy === "restart") this.#running?.abort(new Error(`${file} changed`));
  }

  async #say(line: string): Promise<void> {
    const { stderr } = this.#context;
    if (this.#options.output !== "quiet") {
      await stderr.write(createStyle(stderr.color).dim(`haft: ${line}\n`));
    }
  }
}

/** At commas, but not at those of `*.{ts,js}`. */
function splitPatterns(text: string): string[] {
  return text.split(/,(?![^{]*\})/).map((one) => one.trim()).filter((one) => one !== "");
}

function isWhenBusy(text: string): text is WhenBusy {
  return (WHEN_BUSY as readonly string[]).includes(text);
}
