import { UsageError } from "../../base/errors.ts";
import { HOST_FLAG } from "../daemon/endpoint.ts";
import type { Flag, ParsedArgs } from "../command.ts";
import type { ColorChoice } from "../output.ts";
import { colorFlag, COMMON_FLAGS, parseCommandLine } from "../parse.ts";
import { type EnvironmentOptions, environmentOptions } from "../caller_env.ts";
import { numberFlag, textFlag } from "../flag_values.ts";
import { FORCE_FLAG, parseConfig, START_FLAGS, type TaskOptions } from "./task_options.ts";

export const OUTPUT_MODES = ["prefixed", "grouped", "quiet", "raw"] as const;
export type OutputMode = typeof OUTPUT_MODES[number];

export interface TaskRunOptions extends TaskOptions, EnvironmentOptions {
  /** Names of tasks, with parameters after them. */
  words: readonly string[];
  /** What follows `--`: words for the last task, or a command. */
  rest: readonly string[];
  /** Undefined for raw with one task that has the terminal, and prefixed with several. */
  output: OutputMode | undefined;
  timestamps: boolean;
  keepGoing: boolean;
  /** Undefined for as many as the machine has cores. */
  jobs: number | undefined;
  force: boolean;
  tty: boolean;
  /** A task that has the terminal gets it through one of its own, whose output is kept. */
  record: boolean;
  /** `haft watch` runs it: it may draw on the terminal, and leaves the keyboard and Ctrl-C to haft. */
  watched: boolean;
  yes: boolean;
  verbose: boolean;
  /** `--color` after the names. */
  color: ColorChoice | undefined;
  /** Shows the tasks' parameters instead of running them. */
  help: boolean;
  text: string | undefined;
  images: readonly string[];
  configuration: Record<string, unknown> | undefined;
}

export const RUN_FLAGS: readonly Flag[] = [
  {
    name: "output",
    value: "MODE",
    completes: OUTPUT_MODES,
    description: "prefixed (default with several tasks), grouped, quiet or raw (default with one)",
  },
  { name: "timestamps", description: "Put the time before each line" },
  { name: "keep-going", short: "k", description: "Go on with other tasks after a failure" },
  { name: "jobs", short: "j", value: "N", description: "Tasks at a time (default: one a core)" },
  FORCE_FLAG,
  { name: "yes", short: "y", description: "Answer the tasks' questions with yes" },
  { name: "verbose", short: "v", description: "Say why a task runs or is skipped" },
  { name: "record", description: "Keep the output of a task that has the terminal, too" },
  { name: "no-tty", description: "Keep the terminal from the task" },
  // In front means here: another host's daemon has no terminal.
  ...START_FLAGS.filter((flag) => flag !== HOST_FLAG),
];

/** The flags may stand before and after the names; what is no flag of haft belongs to the task before it. */
export function parseRun(
  args: ParsedArgs,
  more: readonly Flag[] = [],
): TaskRunOptions & { all: ParsedArgs } {
  const known = [...more, ...RUN_FLAGS];
  const { words, flagWords, rest } = splitWords(args, [...known, ...COMMON_FLAGS]);
  const parsed = flagWords.length === 0 ? args : parseCommandLine(flagWords, { path: "run", flags: known });
  const flags = new Map([...args.flags, ...parsed.flags]);
  const all: ParsedArgs = { flags, positional: [], rest: [] };
  const output = textFlag(all, "output");
  if (output !== undefined && !isOutputMode(output)) {
    throw new UsageError(`--output takes ${OUTPUT_MODES.join(", ")}, not "${output}"`);
  }
  const config = textFlag(all, "config");
  return {
    all,
    color: parsed !== args && parsed.flags.has("color") ? colorFlag(parsed) : undefined,
    words,
    rest,
    output,
    timestamps: flags.has("timestamps"),
    keepGoing: flags.has("keep-going"),
    jobs: flags.has("jobs") ? numberFlag(all, "jobs", { usual: 1, least: 1, most: 1_000 }) : undefined,
    force: flags.has("force"),
    tty: !flags.has("no-tty"),
    record: flags.has("record"),
    watched: false,
    ...environmentOptions(all),
    yes: flags.has("yes"),
    verbose: flags.has("verbose"),
    help: flags.has("help"),
    text: textFlag(all, "text"),
    images: textFlag(all, "image")?.split(",") ?? [],
    configuration: config === undefined ? undefined : parseConfig(config),
    json: flags.has("json"),
    socket: textFlag(all, "socket"),
  };
}

function isOutputMode(text: string): text is OutputMode {
  return (OUTPUT_MODES as readonly string[]).includes(text);
}

/** Haft's own flags among the words after the first name. */
function splitWords({ positional, rest }: ParsedArgs, known: readonly Flag[]): {
  words: string[];
  flagWords: string[];
  rest: readonly string[];
} {
  const words: string[] = [];
  const flagWords: string[] = [];
  for (let at = 0; at < positional.length; at++) {
    const word = positional[at] ?? "";
    const flag = known.find(({ name, short }) =>
      word === `--${name}` || word.startsWith(`--${name}=`) ||
      (short !== undefined && (word === `-${short}` || (short === "j" && /^-j\d+$/.test(word))))
    );
    if (flag === undefined) {
      words.push(word);
    } else {flagWords.push(
        word,
        ...(flag.value !== undefined && !/=|^-j./.test(word) ? [positional[++at] ?? ""] : []),
      );}
  }
  return { words, flagWords, rest };
}
