/**
 * Manual pages in man(7), from the tables that make the help texts: `haft.1`, a page for each command, and
 * for each verb of a group (`haft-app-start.1`).
 */
import { EXIT_CODE_MEANINGS, ExitCode } from "../../src/base/exit_code.ts";
import type { Command, CommandEntry, CommandGroup, Flag } from "../../src/cli/command.ts";
import { isGroup } from "../../src/cli/command_entry.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { COMMON_FLAGS } from "../../src/cli/parse.ts";

export interface ManualOptions {
  version: string;
  /** The date in the footer of each page, `YYYY-MM-DD`. */
  date: string;
}

/** @returns the pages by file name */
export async function manuals(options: ManualOptions): Promise<Map<string, string>> {
  const pages = new Map([["haft.1", mainPage(options)]]);
  const parents = [{ path: "haft", table: COMMANDS }];
  for (const { path: parent, table } of parents) {
    for (const entry of table.filter(isShown)) {
      const path = `${parent} ${entry.name}`;
      const loaded = await entry.load();
      if (isGroup(loaded)) parents.push({ path, table: loaded.commands });
      const sections = isGroup(loaded) ? groupBody(path, entry, loaded) : commandBody(path, entry, loaded);
      const body = [...sections, ".SH SEE ALSO", reference(parent)];
      pages.set(fileName(path), page({ path, summary: entry.summary, body }, options));
    }
  }
  return pages;
}

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["HAFT_HOME", "One directory for tools, caches, settings and state, in place of the XDG directories."],
  ["HAFT_SOCKET", "The daemon's socket."],
  ["HAFT_TRUST", "With 1, the project is trusted where there is no terminal to ask on."],
  ["HAFT_DEBUG", "With 1, errors show where they arose."],
  ["NO_COLOR", "With any value, the output has no colours."],
];

const FILES: readonly (readonly [string, string])[] = [
  ["haft.toml", "What the project needs: tools, apps, tasks and backends."],
  ["haft.local.toml", "The same, for one person's checkout."],
  ["haft.lock", "Version and integrity of every tool, for every platform."],
  ["~/.config/haft/config.toml", "Your own settings."],
  ["~/.local/share/haft", "The tools that are installed."],
];

function mainPage(options: ManualOptions): string {
  const body = [
    ".SH SYNOPSIS",
    form("haft COMMAND [OPTIONS]"),
    ".SH DESCRIPTION",
    text(
      "A project's haft.toml says which tools, processes and tasks it has. haft installs the tools, keeps " +
        "the processes running, and runs the tasks.",
    ),
    ".SH COMMANDS",
    ...commandRows("haft", COMMANDS),
    ".SH OPTIONS",
    ...row(bold("-h") + ", " + bold("--help"), text("Show the commands.")),
    ...row(
      bold("-V") + ", " + bold("--version"),
      text("Print the version; with --json, which build for which platform."),
    ),
    ".SH EXIT STATUS",
    ...Object.entries(EXIT_CODE_MEANINGS).flatMap(([name, { meaning }]) =>
      row(bold(String(ExitCode[name as keyof typeof ExitCode])), text(meaning))
    ),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, meaning]) => row(bold(name), text(meaning))),
    ".SH FILES",
    ...FILES.flatMap(([name, meaning]) => row(italic(name), text(meaning))),
  ];
  return page(
    { path: "haft", summary: "One handle for a project's tools, processes and tasks", body },
    options,
  );
}

function groupBody(path: string, entry: CommandEntry, { commands, examples }: CommandGroup): string[] {
  return [
    ".SH SYNOPSIS",
    form(`${path} COMMAND [OPTIONS]`),
    ...description(entry),
    ".SH COMMANDS",
    ...commandRows(path, commands),
    ...exampleSection(examples),
  ];
}

function commandBody(
  path: string,
  entry: CommandEntry,
  { usage, flags, examples }: Command<unknown>,
): string[] {
  const forms = usage.length === 0 ? [""] : usage;
  return [
    ".SH SYNOPSIS",
    ...forms.flatMap((line, index) => [...index === 0 ? [] : [".br"], form(`${path} ${line}`.trimEnd())]),
    ...description(entry),
    ".SH OPTIONS",
    ...[...flags, ...COMMON_FLAGS].filter(isShown).flatMap(flagRow),
    ...exampleSection(examples),
  ];
}

function description({ name, aliases = [], summary }: CommandEntry): string[] {
  const also = aliases.length === 0 ? [] : [text(`"${name}" is also "${aliases.join('" and "')}".`)];
  return [".SH DESCRIPTION", text(sentence(summary)), ...also];
}

function commandRows(path: string, entries: readonly CommandEntry[]): string[] {
  return entries.filter(isShown).flatMap(({ name, summary }) =>
    row(reference(`${path} ${name}`), text(sentence(summary)))
  );
}

function flagRow({ name, short, value, description }: Flag): string[] {
  const long = bold(`--${name}`) + (value === undefined ? "" : ` ${italic(value)}`);
  return row(short === undefined ? long : `${bold(`-${short}`)}, ${long}`, text(sentence(description)));
}

function exampleSection(examples: readonly string[] = []): string[] {
  return examples.length === 0 ? [] : [".SH EXAMPLES", ".nf", ...examples.map(text), ".fi"];
}

interface Page {
  path: string;
  summary: string;
  body: readonly string[];
}

function page({ path, summary, body }: Page, { version, date }: ManualOptions): string {
  const name = path.replaceAll(" ", "-");
  const head = [
    `.TH ${name.toUpperCase()} 1 ${date} "haft ${version}" "haft manual"`,
    ".SH NAME",
    `${escaped(name)} \\- ${escaped(lowerFirst(summary))}`,
  ];
  return `${[...head, ...body].join("\n")}\n`;
}

function lowerFirst(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function sentence(words: string): string {
  return /[.…?!]$/.test(words) ? words : `${words}.`;
}

function row(term: string, meaning: string): string[] {
  return [".TP", term, meaning];
}

/** A line of usage: options bold, placeholders slanted. */
function form(line: string): string {
  return line.split(/(--?[a-z][a-z-]*|[A-Z][A-Z0-9_]*)/).map((part, index) => {
    if (index % 2 === 0) return escaped(part);
    return part.startsWith("-") ? bold(part) : italic(part);
  }).join("");
}

function reference(path: string): string {
  return `${bold(path.replaceAll(" ", "-"))}(1)`;
}

function fileName(path: string): string {
  return `${path.replaceAll(" ", "-")}.1`;
}

function bold(words: string): string {
  return `\\fB${escaped(words)}\\fR`;
}

function italic(words: string): string {
  return `\\fI${escaped(words)}\\fR`;
}

/** A line of text. One that begins with a dot or an apostrophe would be a request. */
function text(line: string): string {
  return escaped(line).replace(/^[.']/, "\\&$&");
}

/** Letters beyond ASCII as `\[uXXXX]`: every formatter reads them, whatever its locale. */
function escaped(words: string): string {
  return words.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll(
    /[^\x20-\x7e]/gu,
    (letter) => `\\[u${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}

function isShown({ hidden }: { hidden?: boolean }): boolean {
  return hidden !== true;
}
