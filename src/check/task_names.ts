/** The tasks that a haft.toml sees beside its own. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { foreignDirectories } from "../tasks/foreign_directories.ts";
import { foreignFiles, foreignPaths } from "../tasks/foreign/foreign_sources.ts";
import { taskNamed } from "../tasks/task_named.ts";
import type { TaskConfig } from "../tasks/task_schema.ts";
import { ancestors, MANIFEST_NAME } from "../tools/project/manifests.ts";

type Named = ReadonlyMap<string, Pick<TaskConfig, "aliases">>;

/**
 * Whether a word of `depends` names a task of another file: of a project above, of another program's file
 * there, or `//packages/web:build`.
 *
 * @param read the tasks of another manifest, as far as they can be read
 * @param lookedAt gets the files that decide it
 */
export function namesAround(
  manifest: string,
  read: (path: string) => Named,
  lookedAt: string[],
): (word: string) => boolean {
  const directory = dirname(manifest);
  const roots = [...ancestors(directory)].filter((root) =>
    root === directory || existsSync(join(root, MANIFEST_NAME))
  );
  const top = roots.at(-1) ?? directory;
  const isForeign = (directories: readonly string[], word: string) =>
    directories.some((one) => {
      lookedAt.push(...foreignPaths(one));
      return foreignFiles(one).some(({ tasks }) =>
        tasks.some(({ name, aliases = [] }) => name === word || aliases.includes(word))
      );
    });
  const isDeclared = (root: string, word: string) =>
    taskNamed(read(join(root, MANIFEST_NAME)), word) !== undefined;
  return (word) => {
    const [, path, name = ""] = /^\/\/([^:]*):(.+)$/.exec(word) ?? [];
    if (path !== undefined) return isDeclared(join(top, path), name) || isForeign([join(top, path)], name);
    return roots.slice(1).some((root) => isDeclared(root, word)) ||
      isForeign(foreignDirectories(directory, roots.map((root) => ({ root }))), word);
  };
}
