import type { Command, CommandEntry, Completes, Context, Flag } from "../command.ts";
import { isGroup } from "../command_entry.ts";
import { entryNamed } from "../find_command.ts";
import { COMMON_FLAGS } from "../parse.ts";
import type { Candidate } from "./sources.ts";

/**
 * What the last of the words can become, by the tables of commands and flags and by what the project has.
 *
 * @param words what follows `haft`; the last one may be empty
 * @returns `files` where a path is wanted
 */
export async function completionsOf(
  words: readonly string[],
  { commands, context }: { commands: readonly CommandEntry[]; context: Context },
): Promise<Candidate[] | "files"> {
  const current = words.at(-1) ?? "";
  let known: Candidate[] = OVERVIEW_FLAGS;
  let table = commands;
  for (const [place, word] of words.slice(0, -1).entries()) {
    const loaded = await entryNamed(word, table)?.load();
    if (loaded === undefined) return [];
    if (!isGroup(loaded)) {
      return await ofCommand(loaded, { before: words.slice(place + 1, -1), current, context });
    }
    table = loaded.commands;
    known = [];
  }
  return startingWith(current, [...table.filter(isShown).flatMap(entryCandidates), ...known]);
}

const OVERVIEW_FLAGS: Candidate[] = [
  { word: "--help", description: "Show help" },
  { word: "--version", description: "Print the version" },
];

function entryCandidates({ name, aliases = [], summary }: CommandEntry): Candidate[] {
  return [name, ...aliases].map((word) => ({ word, description: summary }));
}

interface Place {
  /** The command's arguments before the word. */
  before: readonly string[];
  /** The word itself. */
  current: string;
  context: Context;
}

async function ofCommand(
  { flags: own, completes, stopEarly }: Command<unknown>,
  { before, current, context }: Place,
): Promise<Candidate[] | "files"> {
  const flags = [...own, ...COMMON_FLAGS].filter(isShown);
  const [firstArgument] = before.filter((word) => !word.startsWith("-"));
  if (completes === "tasks" && firstArgument !== undefined && !before.includes("--")) {
    const { taskCandidates } = await import("./sources.ts");
    const own = flags.flatMap(flagCandidates);
    return await taskCandidates(
      { before: before.slice(before.indexOf(firstArgument)), current, own },
      context,
    );
  }
  // What follows belongs to another program.
  if (before.includes("--") || (stopEarly === true && firstArgument !== undefined)) return "files";
  const awaiting = flags.find((flag) => flag.value !== undefined && isFlag(flag, before.at(-1)));
  if (awaiting !== undefined) return await valuesOf(awaiting.completes, current, context);
  const [, name, text] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && text !== undefined) {
    const values = await valuesOf(flags.find((flag) => flag.name === name)?.completes, text, context);
    return values === "files"
      ? values
      : values.map(({ word, description }) => ({ word: `--${name}=${word}`, description }));
  }
  if (current.startsWith("-")) {
    const left = flags.filter((flag) => !before.some((word) => isFlag(flag, word)));
    return startingWith(current, left.flatMap(flagCandidates));
  }
  return await valuesOf(completes, current, context);
}

function isFlag({ name, short }: Flag, word: string | undefined): boolean {
  return word === `--${name}` || (short !== undefined && word === `-${short}`);
}

function flagCandidates({ name, short, description }: Flag): Candidate[] {
  const words = short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
  return words.map((word) => ({ word, description }));
}

async function valuesOf(
  completes: Completes | undefined,
  current: string,
  context: Context,
): Promise<Candidate[] | "files"> {
  if (completes === undefined) return [];
  if (completes === "files") return completes;
  if (typeof completes !== "string") {
    return startingWith(current, completes.map((word) => ({ word, description: "" })));
  }
  const { candidatesFrom } = await import("./sources.ts");
  return startingWith(current, await candidatesFrom(completes, context));
}

function startingWith(current: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(current));
}

function isShown({ hidden }: { hidden?: boolean }): boolean {
  return hidden !== true;
}
