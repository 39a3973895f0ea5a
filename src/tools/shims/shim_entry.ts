/**
 * An entry: how a name is run in one directory, as a shell script that a shim sources. It starts the tool
 * only when every file that decided the answer is as it was, in what a shell can see without starting a
 * program:
 * - what was not there is not there, and no part of the directory's path has become a link;
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
import type { CachedCommand } from "../project/exec_cache.ts";

export interface ShimEntry {
  command: CachedCommand;
  /** The directory, without links in its path. */
  cwd: string;
  absent: readonly string[];
  /** Files and directories, each with its stamp. */
  stamped: readonly { path: string; stamp: string }[];
  /** Files and directories of haft's own that are not newer than the entry. */
  store: readonly string[];
}

export function shimEntry({ command, cwd, absent, stamped, store }: ShimEntry): string {
  const { file, path, defaults } = command;
  const lines = [
    ...components(cwd).map((directory) => `[ -h ${shellQuote(directory)} ] && return 0`),
    ...absent.map((absentFile) => `[ -e ${shellQuote(absentFile)} ] && return 0`),
    ...stamped.flatMap(({ path: stampedFile, stamp }) => {
      const [own, mark] = [shellQuote(stampedFile), shellQuote(stamp)];
      return [
        `[ -e ${own} ] && [ -e ${mark} ] || return 0`,
        `[ ${own} -nt ${mark} ] && return 0`,
        `[ ${own} -ot ${mark} ] && return 0`,
      ];
    }),
    ...store.flatMap((storeFile) => {
      const own = shellQuote(storeFile);
      return [`[ -e ${own} ] || return 0`, `[ ${own} -nt "$haft_entry" ] && return 0`];
    }),
    `[ -x ${shellQuote(file)} ] || return 0`,
    "unset haft_entry",
    ...Object.entries(defaults).map(([name, value]) =>
      `[ "\${${name}+set}" ] || export ${name}=${shellQuote(value)}`
    ),
    ...(path.length === 0 ? [] : [
      // A program of the same project has it already.
      `case "$PATH" in ${shellQuote(path.join(":"))}:*) ;;`,
      `*) export PATH=${shellQuote(path.join(":"))}"\${PATH:+:$PATH}" ;; esac`,
    ]),
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

function components(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [] : [...components(parent), directory];
}
