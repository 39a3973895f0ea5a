import type { Result } from "../../../../src/client/mod.ts";

type Problem = Result<"project.check">["problems"][number];

export interface Mark {
  file: string;
  /** From 0, as editors count. */
  line: number;
  start: number;
  end: number;
  message: string;
}

/** A problem as an editor underlines it: from the column that haft names to the end of the word there. */
export function markOf({ file, line, column, message, next }: Problem, lineText: string): Mark {
  const start = column - 1;
  const word = /^(?:[\w.-]+|"[^"]*"|'[^']*'|\S)/.exec(lineText.slice(start));
  return {
    file,
    line: line - 1,
    start,
    end: start + Math.max(word?.[0].length ?? 1, 1),
    message: next === null ? message : `${message}\n${next}`,
  };
}
