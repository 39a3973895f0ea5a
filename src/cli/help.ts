import type { Command, Flag } from "./command.ts";
import type { CommandEntry } from "./commands.ts";
import { wrapWords } from "../ui/text.ts";
import { COMMON_FLAGS } from "./parse.ts";

/** `haft --help`. */
export function overview(commands: readonly CommandEntry[], version: string): string {
  const rows = commands.filter((command) => command.hidden !== true)
    .map(({ name, aliases, summary }) => [[name, ...(aliases ?? [])].join(", "), summary] as const);
  return `haft ${version} — one handle for a project's tools, processes and tasks

Usage: haft COMMAND [OPTIONS]

Commands:
${columns(rows)}

Options:
${
    columns([["-h, --help", "Show this help; haft COMMAND --help for a command's"], [
      "-V, --version",
      "Print the version",
    ]])
  }

Exit codes: 0 done, 1 failed, 2 usage, 3 no connection, 4 refused by the other
side, 124 timed out, 130 interrupted. HAFT_DEBUG=1 shows where an error arose.
`;
}

/** `haft COMMAND --help`. */
export function commandHelp(command: Command<unknown>): string {
  const usage = command.usage.length === 0 ? [""] : command.usage;
  const sections = [
    command.summary,
    `Usage:\n${usage.map((form) => `  haft ${command.name} ${form}`.trimEnd()).join("\n")}`,
    `Options:\n${
      columns([...command.flags, ...COMMON_FLAGS].filter((flag) => flag.hidden !== true).map(flagRow))
    }`,
  ];
  if (command.examples !== undefined) {
    sections.push(`Examples:\n${command.examples.map((line) => `  ${line}`).join("\n")}`);
  }
  return sections.join("\n\n") + "\n";
}

function flagRow({ name, short, value, description }: Flag): readonly [string, string] {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return [short === undefined ? `    ${long}` : `-${short}, ${long}`, description];
}

const WIDTH = 80;

/** Two columns; what does not fit 80 goes on below itself. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([first]) => first.length));
  const indent = " ".repeat(left + 4);
  return rows.map(([first, second]) =>
    `  ${first.padEnd(left)}  ${wrapWords(second, WIDTH - left - 4).join(`\n${indent}`)}`
  ).join("\n");
}
