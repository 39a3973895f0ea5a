import process from "node:process";

/** What stands in a string for bytes that are no UTF-8. */
export const REPLACEMENT = "\ufffd";

/**
 * Whether a program has to be given bytes that its words have lost here. Linux's arguments and variables are
 * bytes, and names of files in older encodings are no UTF-8.
 */
export function mayHaveLostBytes(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const isLost = (word: string | undefined) => word?.includes(REPLACEMENT) ?? false;
  return process.platform === "linux" &&
    (args.some(isLost) || Object.entries(env).some(([name, value]) => isLost(name) || isLost(value)));
}
