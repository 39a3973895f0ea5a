import { existsSync } from "node:fs";
import { join } from "node:path";

/** Files of tasks that haft does not read, with the command that runs one of them. */
const UNREAD: readonly { files: readonly string[]; command: string }[] = [
  { files: ["Makefile", "makefile", "GNUmakefile"], command: "make" },
  { files: ["Rakefile", "rakefile"], command: "rake" },
  { files: ["deno.json", "deno.jsonc"], command: "deno task" },
  { files: ["noxfile.py"], command: "nox -s" },
  { files: ["tox.ini"], command: "tox -e" },
  { files: ["magefile.go"], command: "mage" },
  { files: ["composer.json"], command: "composer run" },
];

/**
 * The next step where another program's file beside the project may have the task.
 *
 * @param word the task that was not found; `TASK` by default
 */
export function unreadNote(directories: Iterable<string>, word = "TASK"): string | undefined {
  const task = /^[\w.:-]+$/.test(word) ? word : "TASK";
  for (const directory of directories) {
    for (const { files, command } of UNREAD) {
      const file = files.find((name) => existsSync(join(directory, name)));
      if (file !== undefined) {
        return `haft does not read the ${file} there: "haft run -- ${command} ${task}" runs its ${task}`;
      }
    }
  }
  return undefined;
}
