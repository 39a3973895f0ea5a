import type { Command, CommandEntry, CommandGroup, Flag } from "./command.ts";
import { wrapWords } from "../ui/text.ts";
import { COMMON_FLAGS } from "./parse.ts";

/** The width of a help text, on terminals that are as wide. */
const WIDTH = 80;

/** `haft --help`. */
export function overview(commands: readonly CommandEntry[], version: string, width = WIDTH): string {
  return narrowed(
    `haft ${version} — one handle for a project's tools, processes and tasks

Usage: haft COMMAND [OPTIONS]

Commands:
${columns(commandRows(commands), width)}

Options:
${
      columns([["-h, --help", "Show this help; haft COMMAND --help for a command's"], [
        "-V, --version",
        "Print the version; with --json, which build for which platform",
      ]], width)
    }

Exit codes: 0 done, 1 failed, 2 usage, 3 no connection, 4 refused by the other
side, 124 timed out, 130 interrupted. HAFT_DEBUG=1 shows where an error arose.
`,
    width,
  );
}

/** `haft COMMAND --help`. */
export function commandHelp({ path, entry, command }: {
  path: string;
  entry: Pick<CommandEntry, "summary">;
  command: Command<unknown>;
}, width = WIDTH): string {
  const usage = command.usage.length === 0 ? [""] : command.usage;
  const flags = [...command.flags, ...COMMON_FLAGS].filter(({ hidden }) => hidden !== true);
  return page(width, [
    entry.summary,
    `Usage:\n${commandLines(usage.map((form) => `haft ${path} ${form}`.trimEnd()), width)}`,
    `Options:\n${columns(flags.map(flagRow), width)}`,
    examples(command, width),
  ]);
}

/** `haft GROUP --help`. */
export function groupHelp({ path, entry, group }: {
  path: string;
  entry: Pick<CommandEntry, "summary">;
  group: CommandGroup;
}, width = WIDTH): string {
  return page(width, [
    entry.summary,
    `Usage: haft ${path} COMMAND [OPTIONS]`,
    `Commands:\n${columns(commandRows(group.commands), width)}`,
    `Options:\n${
      columns([["-h, --help", `Show this help; haft ${path} COMMAND --help for a command's`]], width)
    }`,
    examples(group, width),
  ]);
}

function page(width: number, sections: readonly string[]): string {
  return narrowed(`${sections.filter((section) => section !== "").join("\n\n")}\n`, width);
}

/** Sentences of a text that is laid out for 80 columns, broken for fewer. */
function narrowed(text: string, width: number): string {
  if (width >= WIDTH) return text;
  return text.split("\n").map((line) => line.startsWith(" ") ? line : wrapWords(line, width).join("\n"))
    .join("\n");
}

function examples({ examples = [] }: { examples?: readonly string[] }, width: number): string {
  return examples.length === 0 ? "" : `Examples:\n${commandLines(examples, width)}`;
}

/** Lines to type; on a narrow terminal one goes on below itself. */
function commandLines(lines: readonly string[], width: number): string {
  return lines.map((line) => {
    const fits = width >= WIDTH || line.length + 2 <= width;
    return `  ${(fits ? [line] : wrapWords(line, width - BELOW.length)).join(`\n${BELOW}`)}`;
  }).join("\n");
}

function commandRows(commands: readonly CommandEntry[]): [string, string][] {
  return commands.filter(({ hidden }) => hidden !== true)
    .map(({ name, aliases, summary }) => [[name, ...(aliases ?? [])].join(", "), summary]);
}

function flagRow({ name, short, value, description }: Flag): readonly [string, string] {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return [short === undefined ? `    ${long}` : `-${short}, ${long}`, description];
}

/** Columns that a description needs beside what it describes; with fewer it goes below. */
const NARROWEST = 16;
const BELOW = "        ";

/** Two columns; what does not fit the width goes on below itself. */
function columns(rows: readonly (readonly [string, string])[], width: number): string {
  const left = Math.max(...rows.map(([first]) => first.length));
  const room = width - left - 4;
  const isBeside = room >= NARROWEST;
  const indent = isBeside ? " ".repeat(left + 4) : BELOW;
  return rows.map(([first, second]) => {
    const lines = wrapWords(second, isBeside ? room : Math.max(NARROWEST, width - BELOW.length));
    return isBeside
      ? `  ${first.padEnd(left)}  ${lines.join(`\n${indent}`)}`
      : [`  ${first}`, ...lines.map((line) => `${indent}${line}`)].join("\n");
  }).join("\n");
}
