import { ExitCode } from "../../base/exit_code.ts";
import type { Command, CommandEntry } from "../command.ts";
import { completionsOf } from "./candidates.ts";

export interface CompleteOptions {
  /** The words after `haft`; the last one is being typed, and may be empty. */
  words: readonly string[];
}

/**
 * `haft complete -- WORD…`, which the shells' completion scripts ask at every tab.
 *
 * @param commands the table of all commands, which lists this one, too
 */
export function completeCommand(commands: readonly CommandEntry[]): Command<CompleteOptions> {
  return {
    usage: ["-- WORD…"],
    flags: [],
    stopEarly: true,
    readOnly: true,
    parse: ({ positional, rest }) => ({ words: [...positional, ...rest].map(unquoteEmpty) }),
    async run({ words }, context) {
      const found = await completionsOf(words, { commands, context });
      const lines = found === "files"
        ? [":files\n"]
        : found.map(({ word, description }) => `${word}\t${description}\n`);
      await context.stdout.write(lines.join(""));
      return ExitCode.ok;
    },
  };
}

/** The pair of quotes that stands for an empty word in PowerShell. */
function unquoteEmpty(word: string): string {
  return word === '""' ? "" : word;
}
