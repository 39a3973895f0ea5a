import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/support/project.ts";

/** A fenced block of a page. */
export interface Example {
  /** `README.md:56`, the line of the opening fence. */
  place: string;
  /** The nearest heading above it, without its hashes. */
  section: string;
  /** The first word after the fence. */
  language: string;
  text: string;
  /** Why no test runs it, from a comment `<!-- not run: WHY -->` right above the block. */
  notRun: string | undefined;
}

/** A command of a `console` block with the output that the page shows below it. */
export interface ConsoleCommand {
  line: string;
  output: string[];
}

/** Every fenced block of a page, in order. */
export function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  let section = "";
  let notRun: string | undefined;
  let open: Example | undefined;
  const lines = readFileSync(join(projectRoot, page), "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (open !== undefined) {
      if (line.startsWith("```")) open = undefined;
      else open.text += `${line}\n`;
    } else if (fence !== null) {
      open = { place: `${page}:${index + 1}`, section, language: fence[1] ?? "", text: "", notRun };
      examples.push(open);
      notRun = undefined;
    } else if (/^#+ /.test(line)) section = line.replace(/^#+ /, "");
    else notRun = /^<!-- not run: (.+) -->$/.exec(line)?.[1] ?? (line === "" ? notRun : undefined);
  }
  return examples;
}

/** The commands of a `console` block: a line `$ COMMAND`, then what it prints. */
export function consoleCommands(text: string): ConsoleCommand[] {
  const commands: ConsoleCommand[] = [];
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("$ ")) commands.push({ line: line.slice(2), output: [] });
    else commands.at(-1)?.output.push(line);
  }
  return commands;
}

/**
 * What a line of shown output stands for: other numbers, other paths and other spacing are the same output.
 */
export function outputPattern(line: string): RegExp {
  const parts = line.trim().split(/(\/home\/you[\w./@-]*|\d+(?:\.\d+)*|\s+)/).map((part) => {
    if (part.startsWith("/home/you")) return "\\/[\\w./@ -]+";
    if (/^\d/.test(part)) return "\\d+(?:\\.\\d+)*";
    if (/^\s/.test(part)) return "\\s+";
    return RegExp.escape(part);
  });
  return new RegExp(`^\\s*${parts.join("")}\\s*$`, "m");
}
