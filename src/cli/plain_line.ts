import type { Command, ParsedArgs } from "./command.ts";

/**
 * Splits a command line that has no flag, as most have none: loading the parser would take longer than that.
 *
 * @returns undefined where there may be a flag
 */
export function plainLine(
  args: readonly string[],
  { stopEarly }: Pick<Command<unknown>, "stopEarly">,
): ParsedArgs | undefined {
  const end = args.indexOf("--");
  const positional = end === -1 ? args : args.slice(0, end);
  // Behind the first word all is the tool's, where the command says so.
  const own = stopEarly === true ? positional.slice(0, 1) : positional;
  if (own.some((word) => word.startsWith("-"))) return undefined;
  return { flags: new Map(), positional, rest: end === -1 ? [] : args.slice(end + 1) };
}
