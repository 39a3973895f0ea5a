import { lstatSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { RequestError } from "../protocol/wire_error.ts";
import type { StoredTask } from "./history.ts";
import { matchingFiles } from "./inputs.ts";
import { taskDirectory } from "./prepare_task.ts";
import { configOf, type ProjectTasks } from "./project_tasks.ts";

/**
 * What a completed task has made, by its declaration as it is now: a directory stands for all files and links
 * in it.
 *
 * @throws {RequestError} when it is not completed, or a pattern of its outputs matches nothing
 */
export function declaredOutputs(
  { info: { id, name, root, state }, request }: StoredTask,
  project: () => ProjectTasks,
): { directory: string; files: string[] } {
  if (state !== "completed") throw new RequestError("failed", `Task ${id} is ${state}, so it has no outputs`);
  const config = name === null || request.command !== null ? undefined : configOf(project(), name);
  if (config === undefined || config.outputs.length === 0) return { directory: root, files: [] };
  const directory = taskDirectory(root, config, request.cwd);
  const excluded = config.outputs.filter((one) => one.startsWith("!")).map((one) => one.slice(1));
  const files = new Set<string>();
  for (const pattern of config.outputs.filter((one) => !one.startsWith("!"))) {
    const found = filesBelow(directory, pattern) ?? matchingFiles(directory, [pattern], { dot: true });
    if (found.length === 0) {
      throw new RequestError("failed", `"${pattern}" of the outputs of "${name}" matches nothing`);
    }
    for (const file of found) files.add(file);
  }
  const left = excluded.length === 0 ? [] : matchingFiles(directory, excluded, { dot: true });
  for (const file of left) files.delete(file);
  return { directory, files: [...files].sort() };
}

/** All files and links of a directory, or the one that is named; undefined when there is no such name. */
function filesBelow(directory: string, path: string): string[] | undefined {
  const whole = join(directory, path);
  const stat = lstatSync(whole, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const paths = stat.isDirectory()
    ? readdirSync(whole, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
    : [whole];
  return paths.map((one) => relative(directory, one).split(sep).join("/"));
}
