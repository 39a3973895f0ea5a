import type { UsageError } from "../base/errors.ts";
import { openProject, type UserContext } from "../tools/project/project.ts";
import type { UnknownDependency } from "./task_plan.ts";
import { taskError, unknownDependency } from "./task_schema.ts";

/** The error with the line that names no task. */
export function locatedDependency(error: UnknownDependency, user: UserContext): UsageError {
  const { task: { name, config, project }, word, next } = error;
  const { files: { includes } } = openProject(project.root, user);
  const key = config.depends.includes(word) ? "depends" : "depends_post";
  const meant = next?.startsWith("Declare it") === true ? undefined : next;
  return taskError(unknownDependency({ name, key, word }, meant), { path: project.manifest, includes });
}
