import { split } from "shlex";

/** What only a shell understands: passed on as words, they would surprise. */
const SHELL_OPERATORS: ReadonlySet<string> = new Set([
  "&&",
  "||",
  "|",
  ";",
  "&",
  ">",
  ">>",
  "<",
  "2>",
  "2>&1",
]);

export type SplitCommand = { ok: true; argv: string[] } | { ok: false; expected: string };

/**
 * Splits a command as a POSIX shell splits words, quotes and backslashes included, without a shell: nothing
 * is expanded. A word that is an operator of the shell is refused; in the list form every word stands for
 * itself.
 */
export function splitCommand(text: string): SplitCommand {
  let argv: string[];
  try {
    argv = split(text);
  } catch {
    return { ok: false, expected: "a command whose quotes are closed" };
  }
  const operator = argv.find((word) => SHELL_OPERATORS.has(word));
  if (operator !== undefined) {
    return {
      ok: false,
      expected: `a command without "${operator}", since no shell runs it (write ["sh", "-c", "…"] for one)`,
    };
  }
  if ((argv[0] ?? "") === "") return { ok: false, expected: "a command" };
  return { ok: true, argv };
}
