import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../base/errors.ts";
import type { Command, Flag, ParsedArgs } from "./command.ts";
import { COLOR_CHOICES, type ColorChoice } from "./output.ts";

/** What of a command its command line is split by. */
interface Shape extends Pick<Command<unknown>, "flags" | "stopEarly"> {
  /** Its name with that of its group: `app start`. */
  readonly path: string;
}

/** Flags that every command has. */
export const COMMON_FLAGS: readonly Flag[] = [
  {
    name: "color",
    value: "WHEN",
    completes: COLOR_CHOICES,
    description: "Colours: auto, always or never (default: auto)",
  },
  { name: "help", short: "h", description: "Show this help" },
];

/** @throws {UsageError} */
export function colorFlag({ flags }: Pick<ParsedArgs, "flags">): ColorChoice {
  const when = flags.get("color") ?? "auto";
  const choice = COLOR_CHOICES.find((one) => one === when);
  if (choice !== undefined) return choice;
  throw new UsageError(`--color takes ${COLOR_CHOICES.join(", ")}, not "${when}"`);
}

/**
 * Splits a command's arguments by its table of flags.
 *
 * @throws {UsageError} for an unknown flag, a flag without its value, a switch with one, or a flag given
 * twice
 */
export function parseCommandLine(args: readonly string[], command: Shape): ParsedArgs {
  const flags = [...command.flags, ...COMMON_FLAGS];
  const switches = flags.filter((flag) => flag.value === undefined).map((flag) => flag.name);
  const valued = flags.filter((flag) => flag.value !== undefined).map((flag) => flag.name);
  const alias = Object.fromEntries(
    flags.flatMap(({ name, short }) => short === undefined ? [] : [[name, short]]),
  );
  const parsed = parseArgs(args, {
    boolean: switches,
    string: [...valued, "_"],
    collect: valued,
    alias,
    stopEarly: command.stopEarly ?? false,
    "--": true,
    unknown: (arg, key) => {
      if (key !== undefined && arg.startsWith("-") && arg !== "-") throw unknownFlag(arg, command, flags);
    },
  });
  for (const arg of beforeRest(args)) refuseSwitchValue(arg, switches, command);
  const found = new Map<string, string | true>();
  for (const name of switches) {
    if (parsed[name] === true) found.set(name, true);
  }
  for (const name of valued) {
    const values = (parsed[name] ?? []) as string[];
    if (values.length > 1) throw new UsageError(`--${name} is given twice`, { next: helpHint(command) });
    const [value] = values;
    if (value === "") throw new UsageError(`--${name} needs a value`, { next: helpHint(command) });
    if (value !== undefined) found.set(name, value);
  }
  return { flags: found, positional: parsed._.map(String), rest: parsed["--"] ?? [] };
}

export function helpHint(command: Pick<Shape, "path">): string {
  return `Run "haft ${command.path} --help" for its options`;
}

function unknownFlag(arg: string, command: Shape, flags: readonly Flag[]): UsageError {
  const name = arg.replace(/^--?/, "").replace(/=.*$/s, "");
  const instead = COMMANDS_INSTEAD[command.path]?.[name];
  const near = nearestFlag(name, flags);
  return new UsageError(`Unknown option ${arg.replace(/=.*$/s, "")} for "haft ${command.path}"`, {
    next: instead ?? (near === undefined ? helpHint(command) : `Did you mean --${near}?`),
  });
}

const LIST_OF_TASKS = { list: '"haft tasks" lists the tasks', l: '"haft tasks" lists the tasks' };

/** Options that other programs have for what is a command of haft's. */
const COMMANDS_INSTEAD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  run: LIST_OF_TASKS,
  watch: LIST_OF_TASKS,
};

/** What other commands call a flag. */
const OTHER_NAMES: Readonly<Record<string, string>> = { all: "every-project", a: "every-project" };

function nearestFlag(name: string, flags: readonly Flag[]): string | undefined {
  const visible = flags.filter((flag) => flag.hidden !== true).map((flag) => flag.name);
  return visible.find((flag) => flag === OTHER_NAMES[name]) ??
    visible.find((flag) => flag.startsWith(name) || name.startsWith(flag)) ??
    visible.find((flag) => isOneStepAway(flag, name));
}

/** Whether one added, left out, changed or swapped letter makes one word of the other. */
function isOneStepAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return left.length + right.length <= 2 || (left.length === 2 && left === [...right].reverse().join(""));
}

function beforeRest(args: readonly string[]): readonly string[] {
  const rest = args.indexOf("--");
  return rest === -1 ? args : args.slice(0, rest);
}

function refuseSwitchValue(arg: string, switches: readonly string[], command: Shape): void {
  const name = /^--([^=]+)=/.exec(arg)?.[1];
  if (command.stopEarly === true || name === undefined || !switches.includes(name)) return;
  throw new UsageError(`--${name} takes no value`, { next: helpHint(command) });
}
