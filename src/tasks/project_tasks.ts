import { readTextFile } from "../base/read_text_file.ts";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { Env } from "../base/env.ts";
import { openProject, type Project, type UserContext } from "../tools/project/project.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { parseTasks, type TaskConfig, taskNamed } from "./task_schema.ts";

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
  /**
   * Tools on PATH and the project's variables, over what is inherited, and the task's own over all.
   *
   * @throws {HaftError} when the project is not trusted
   */
  environment(
    options: { inherited?: Env | undefined; own: Readonly<Record<string, string>> },
  ): Record<string, string>;
}

/** A task with the project that declares it. */
export interface FoundTask {
  project: ProjectTasks;
  name: string;
  config: TaskConfig;
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
    environment: ({ inherited, own }) =>
      project.runEnvironment({ own, ...(inherited === undefined ? {} : { inherited }) }),
  };
}

/** The projects whose tasks a directory sees: its own, and those of the directories above, nearest first. */
export function visibleProjects(cwd: string, user: UserContext): ProjectTasks[] {
  const projects: ProjectTasks[] = [];
  for (let at = cwd;;) {
    const project = openProject(at, user);
    if (project.files.manifestPath === undefined) {
      return projects.length === 0 ? [projectTasks(project)] : projects;
    }
    projects.push(projectTasks(project));
    const above = dirname(project.root);
    if (above === project.root) return projects;
    at = above;
  }
}

/**
 * The task of a name or alias: of this project, or of one above. `//packages/web:test` is the task of a
 * directory below the outermost project.
 *
 * @throws {UsageError} with the nearest name, when there is none
 */
export function findTask(word: string, projects: readonly ProjectTasks[], user: UserContext): FoundTask {
  const elsewhere = /^\/\/([^:]*):(.+)$/.exec(word);
  const outermost = projects.at(-1);
  if (elsewhere !== null && outermost !== undefined) {
    const [, path = "", name = ""] = elsewhere;
    const directory = resolve(outermost.root, path);
    if (!existsSync(join(directory, "haft.toml"))) {
      throw new UsageError(`There is no haft.toml in "${directory}", so "${word}" names no task`);
    }
    return findTask(name, [projectTasks(openProject(directory, user))], user);
  }
  for (const project of projects) {
    const found = taskNamed(project.tasks, word);
    if (found !== undefined) return { project, ...found };
  }
  const [nearest] = projects;
  const names = projects.flatMap(({ tasks }) =>
    [...tasks].flatMap(([name, { aliases }]) => [name, ...aliases])
  );
  throw new UsageError(`"${nearest?.manifest ?? ""}" has no task "${word}"`, {
    next: didYouMean(nearestNames(word, names)) ??
      `Declare it under [tasks.${word}], or start a command: haft task start -- COMMAND…`,
  });
}

/** @throws {UsageError} with the nearest name, when the project has no such task */
export function configOf(project: ProjectTasks, name: string): TaskConfig {
  const found = taskNamed(project.tasks, name);
  if (found !== undefined) return found.config;
  const near = didYouMean(nearestNames(name, [...project.tasks.keys()]));
  throw new UsageError(`"${project.manifest}" has no task "${name}"`, {
    next: near ?? `Declare it under [tasks.${name}], or start a command: haft task start -- COMMAND…`,
  });
}

/** The text of a file of variables; undefined when it is not there. */
export function readOptional(path: string): string | undefined {
  return existsSync(path) ? readTextFile(path) : undefined;
}
