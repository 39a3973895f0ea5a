/**
 * An entry: how a name is run in one directory, as a shell script that a shim sources. It starts the tool
 * only when every file that decided the answer is as it was, in what a shell can see without starting a
 * program:
 * - what was not there is not there, and no part of the directory's path has become a link: as long as a
 *   directory has exactly the time of its stamp, nothing came into it, and its names are not looked for;
 * - manifests and lock file have exactly the time of modification that a stamp beside the entry has, to the
 *   nanosecond;
 * - what haft itself writes in the store for this tool, and the area through which every installation comes
 *   and goes, are not newer than the entry.
 *
 * When anything is different it returns, and the shim asks `haft exec`.
 *
 * All of it is one function, called in the last line: a shell runs nothing of an entry that was cut short.
 */
import { dirname } from "node:path";
import { shellQuote } from "../../base/shell_quote.ts";
import type { CachedCommand } from "../project/exec_entry.ts";

export interface ShimEntry {
  command: CachedCommand;
  /** The directory, without links in its path. */
  cwd: string;
  absent: readonly string[];
  /** Directories with the names that they lack; their stamps are the first. */
  lacking: readonly { directory: string; names: readonly string[] }[];
  /** Files with a stamp: the number of a stamp is behind the entry's own name. */
  stamped: readonly string[];
  /** Files and directories of haft's own that are not newer than the entry. */
  store: readonly string[];
}

/** The file beside an entry that has the time of a directory or file of it. */
export function stampPath(entry: string, index: number): string {
  return `${entry}.${index}`;
}

export function shimEntry({ command, cwd, absent, lacking, stamped, store }: ShimEntry): string {
  const { file, path, defaults } = command;
  const stamp = (index: number) => `"${stampPath("$haft_entry", index)}"`;
  const components = componentsOf(cwd);
  const covered = new Set(lacking.map(({ directory }) => directory));
  const lists = [...new Set(lacking.map(({ names }) => words(names)))];
  const lines = [
    ...lists.map((list, index) =>
      `haft_new${index}() { for haft_name in ${list}; do [ -e "$1$haft_name" ] && return 0; done; return 1; }`
    ),
    ...components.filter((component) => !covered.has(dirname(component)))
      .map((component) => `[ -h ${shellQuote(component)} ] && return 0`),
    // From the outermost on: a directory's own time says nothing once a link has come above it.
    ...lacking.map(({ directory, names }, index) => {
      const [own, mark] = [shellQuote(directory), stamp(index)];
      const links = components.filter((component) => dirname(component) === directory)
        .map((component) => `[ -h ${shellQuote(component)} ] || `);
      const isNew = `haft_new${lists.indexOf(words(names))} ${shellQuote(below(directory))}`;
      return `{ [ ${own} -nt ${mark} ] || [ ${own} -ot ${mark} ] || ! [ -e ${mark} ]; } && ` +
        `{ ${links.join("")}${isNew}; } && return 0`;
    }),
    ...absent.map((absentFile) => `[ -e ${shellQuote(absentFile)} ] && return 0`),
    ...stamped.map((stampedFile, index) => {
      const [own, mark] = [shellQuote(stampedFile), stamp(lacking.length + index)];
      return `[ -e ${own} ] && [ -e ${mark} ] && ! [ ${own} -nt ${mark} ] && ! [ ${own} -ot ${mark} ] || return 0`;
    }),
    ...store.map((storeFile) => {
      const own = shellQuote(storeFile);
      // What has something that is there in it is there.
      const isSeen = storeFile === file || store.some((other) => other.startsWith(`${storeFile}/`));
      return `${isSeen ? "" : `[ -e ${own} ] && `}! [ ${own} -nt "$haft_entry" ] || return 0`;
    }),
    `[ -x ${shellQuote(file)} ] || return 0`,
    "unset haft_entry haft_name",
    ...Object.entries(defaults).map(([name, value]) =>
      `[ "\${${name}+set}" ] || export ${name}=${shellQuote(value)}`
    ),
    ...searchPathLines(path),
    `exec ${shellQuote(file)} "$@"`,
  ];
  return `${FIRST}${lines.map((line) => `${line}\n`).join("")}${LAST}`;
}

const FIRST = "haft_run() {\n";
const LAST = '}\nhaft_run "$@"\n';

/** Whether a file's text is a whole entry. */
export function isShimEntry(text: string): boolean {
  return text.startsWith(FIRST) && text.endsWith(LAST);
}

/**
 * Puts directories in front of PATH, where they do not stand there already, as for a program of the same
 * project. There may be hundreds: what all begin with is written once, because a shell takes longer to read
 * them than for all the rest, and they are compared only if the first one is PATH's first.
 */
function searchPathLines(path: readonly string[]): string[] {
  const [first, ...others] = path;
  if (first === undefined) return [];
  const start = commonDirectory([first, ...others]);
  const list = path.map((directory) => `$1${inDoubleQuotes(directory.slice(start.length))}`);
  return [
    `set -- ${shellQuote(start)} "$@"`,
    `haft_path="${list.join(":")}"`,
    "shift",
    `case "$PATH" in ${shellQuote(first)}:*) ;; *) false ;; esac && ` +
    `case "$PATH" in "$haft_path":*) ;; *) false ;; esac || export PATH="$haft_path\${PATH:+:$PATH}"`,
    "unset haft_path",
  ];
}

/** The nearest directory that all are below, or "". */
function commonDirectory(paths: readonly [string, ...string[]]): string {
  const above = componentsOf(dirname(paths[0]));
  return above.findLast((directory) => paths.every((path) => path.startsWith(`${directory}/`))) ?? "";
}

function inDoubleQuotes(text: string): string {
  return text.replaceAll(/["$`\\]/g, "\\$&");
}

/** A directory and those above it but the root, the outermost first. */
function componentsOf(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [] : [...componentsOf(parent), directory];
}

function words(names: readonly string[]): string {
  return names.map(shellQuote).join(" ");
}

/** What stands before a name in a directory. */
function below(directory: string): string {
  return directory === "/" ? "/" : `${directory}/`;
}
