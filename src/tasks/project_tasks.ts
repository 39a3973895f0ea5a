import { UsageError } from "../base/errors.ts";
import type { Project } from "../tools/project/project.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { parseTasks, type TaskConfig } from "./task_schema.ts";

/** The tasks of a project as its manifest has them now. Reading them runs nothing. */
export interface ProjectTasks {
  root: string;
  tasks: ReadonlyMap<string, TaskConfig>;
  /** How messages name the manifest. */
  manifest: string;
  /** `[settings] shell`. */
  shell: readonly string[] | undefined;
  /** @throws {HaftError} when the project is not trusted */
  requireTrust(): void;
  /** Tools on PATH, the project's variables and the task's own. @throws {HaftError} when not trusted */
  environment(own: Readonly<Record<string, string>>): Record<string, string>;
}

/** @throws {UsageError} when the manifest is wrong */
export function projectTasks(project: Project): ProjectTasks {
  const { root, files: { manifestPath, tasks } } = project;
  return {
    root,
    tasks: manifestPath === undefined ? new Map() : parseTasks(tasks, manifestPath),
    manifest: manifestPath ?? root,
    shell: project.settings.shell,
    requireTrust: () => project.requireTrust(),
    environment: (own) => project.runEnvironment({ own }),
  };
}

/** @throws {UsageError} with the nearest name, when the project has no such task */
export function configOf({ tasks, manifest }: ProjectTasks, name: string): TaskConfig {
  const config = tasks.get(name);
  if (config !== undefined) return config;
  const near = didYouMean(nearestNames(name, [...tasks.keys()]));
  throw new UsageError(`"${manifest}" has no task "${name}"`, {
    next: near ?? `Declare it under [tasks.${name}], or start a command: haft task start -- COMMAND…`,
  });
}
