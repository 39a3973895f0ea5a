import { UsageError } from "../base/errors.ts";
import type { Command, CommandEntry, CommandGroup } from "./command.ts";
import { isGroup } from "./command_entry.ts";
import { otherName, otherNamesOf } from "./other_names.ts";

/** What the first words of a command line name. */
export type FoundCommand =
  | {
    kind: "command";
    /** Its name with that of its group: `app start`. */
    path: string;
    entry: CommandEntry;
    command: Command<unknown>;
    /** The words after its name. */
    args: readonly string[];
  }
  | {
    kind: "group";
    /** Empty for haft itself. */
    path: string;
    entry: CommandEntry | undefined;
    group: CommandGroup;
    /** Whether help was asked for; false where the words end too soon. */
    help: boolean;
  };

/**
 * Follows the words from table to table, to a command or to the end of the words. `haft help app start` and
 * `haft app help` are read as well.
 *
 * @param meaning what a word that is no command names in the project at hand
 * @throws {UsageError} for a word that names nothing in its table
 */
export async function findCommand(
  words: readonly string[],
  commands: readonly CommandEntry[],
  meaning: (word: string) => Promise<string | undefined> = () => Promise.resolve(undefined),
): Promise<FoundCommand> {
  let group: CommandGroup = { commands };
  let entry: CommandEntry | undefined;
  let path = "";
  for (let place = 0;; place++) {
    const word = words[place];
    if (word === undefined || isHelp(word)) {
      return { kind: "group", path, entry, group, help: word !== undefined };
    }
    entry = entryNamed(word, group.commands);
    if (entry === undefined) throw await unknownCommand(word, { path, group, meaning });
    path = path === "" ? entry.name : `${path} ${entry.name}`;
    const loaded = await entry.load();
    if (!isGroup(loaded)) {
      return { kind: "command", path, entry, command: loaded, args: words.slice(place + 1) };
    }
    group = loaded;
  }
}

export function entryNamed(word: string, commands: readonly CommandEntry[]): CommandEntry | undefined {
  return commands.find(({ name, aliases }) => name === word || aliases?.includes(word));
}

export function isHelp(word: string): boolean {
  return word === "--help" || word === "-h" || word === "help";
}

/** Options that haft itself has by another name, or that only its commands have. */
const OTHER_OPTIONS: Readonly<Record<string, string>> = {
  "-v": '"haft --version" (-V) prints the version; "-v" says more after a command, as in "haft run -v NAME"',
  "-version": '"haft --version" prints the version',
  "--verbose": 'It follows the command: "haft run --verbose NAME"',
};

async function unknownCommand(
  word: string,
  { path, group, meaning }: {
    path: string;
    group: CommandGroup;
    meaning: (word: string) => Promise<string | undefined>;
  },
): Promise<UsageError> {
  const { nearestNames } = await import("../tools/versions/nearest.ts");
  const haft = path === "" ? "haft" : `haft ${path}`;
  const overview = `Run "${haft} --help" for the commands`;
  if (word.startsWith("-")) {
    return new UsageError(`Unknown option ${word}${path === "" ? "" : ` for "${haft}"`}`, {
      next: path === ""
        ? OTHER_OPTIONS[word] ?? overview
        : `Options follow the command: "${haft} COMMAND ${word}"`,
    });
  }
  const names = group.commands.filter(({ hidden }) => hidden !== true)
    .flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
  const [near] = nearestNames(word, names);
  const meant = [word, ...near === undefined ? nearestNames(word, Object.keys(otherNamesOf(path))) : []];
  const inProject = path === "" ? meaning : () => Promise.resolve(undefined);
  const other = await firstOf(meant, async (one) => await inProject(one) ?? otherName(one, path));
  return new UsageError(`Unknown command "${path === "" ? word : `${haft} ${word}`}"`, {
    next: other ?? (near === undefined ? overview : `Did you mean "${haft} ${near}"?`),
  });
}

async function firstOf<T>(
  words: readonly string[],
  find: (word: string) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const word of words) {
    const found = await find(word);
    if (found !== undefined) return found;
  }
  return undefined;
}
