import { UsageError } from "../base/errors.ts";
import type { Flag, ParsedArgs } from "./command.ts";

/** `--json`, for every command that prints data. */
export const JSON_FLAG: Flag = { name: "json", description: "Print JSON" };

/** The text of a flag that takes one. */
export function textFlag({ flags }: Pick<ParsedArgs, "flags">, name: string): string | undefined {
  const value = flags.get(name);
  return typeof value === "string" ? value : undefined;
}

/**
 * The number of a flag that takes one.
 *
 * @throws {UsageError} for anything but digits, and for a number outside of the limits
 */
export function numberFlag(
  args: Pick<ParsedArgs, "flags">,
  name: string,
  { usual, least = 0, most }: { usual: number; least?: number; most: number },
): number {
  const text = textFlag(args, name);
  if (text === undefined) return usual;
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not "${text}"`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `10s`, `5m`, `1h30m`, or seconds without a unit; in milliseconds. @throws {UsageError} */
export function parseDuration(flag: string, text: string): number {
  if (!/^(\d+(\.\d+)?|(\d+(\.\d+)?(ms|[smh]))+)$/.test(text)) {
    throw new UsageError(`--${flag} takes a time such as 500ms, 10s or 1h30m, not "${text}"`);
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)?/g)];
  return parts.reduce((sum, [, amount, unit = "s"]) => sum + Number(amount) * (UNITS[unit] ?? 1_000), 0);
}

/** @throws {UsageError} when the command line has more arguments than the command takes */
export function noFurther(args: readonly string[], next?: string): void {
  const [extra] = args;
  if (extra === undefined) return;
  throw new UsageError(`Unexpected argument "${extra}"`, next === undefined ? {} : { next });
}
