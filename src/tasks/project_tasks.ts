import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { Env } from "../base/env.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { foreignDirectories } from "./foreign_directories.ts";
import { taskNamed } from "./task_named.ts";
import type { TaskConfig } from "./task_schema.ts";

/** The tasks of a project as its manifest has them now. */
export interface ProjectTasks {
  root: string;
  tasks: ReadonlyMap<string, TaskConfig>;
  /** What is wrong with tasks that cannot run, by name; the others of the file can. */
  wrong?: ReadonlyMap<string, UsageError> | undefined;
  /** How messages name the manifest. */
  manifest: string;
  /** The program that runs its tasks, where another program's file declares them. */
  program?: string | undefined;
  /** `[settings] shell`. */
  shell: readonly string[] | undefined;
  /** Whether the user's trust in it is on file, so that there is nothing to ask. */
  isRecorded: boolean;
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

/** What a directory sees: the tasks of its project and of those above it, nearest first. */
export interface TaskScope {
  /** The directory that sees it. */
  directory: string;
  projects: readonly ProjectTasks[];
  /** What another directory sees, the project of its own haft.toml first. @throws {UsageError} without one */
  open(directory: string): readonly ProjectTasks[];
  /** The tasks of other programs' files in these directories. They count after those of haft.toml. */
  foreign?: ((directories: readonly string[]) => readonly ProjectTasks[]) | undefined;
  /** Where a task may be that no file has, as a next step. */
  elsewhere?: ((word: string) => string | undefined) | undefined;
}

/** No file has a task of this name. */
export class UnknownTask extends UsageError {}

/** A task with the project that declares it. */
export interface FoundTask {
  project: ProjectTasks;
  name: string;
  config: TaskConfig;
}

/**
 * The task of a name or alias: of this project, or of one above. `//packages/web:test` is the task of a
 * directory below the outermost project.
 *
 * @throws {UnknownTask} with the nearest name, when there is none
 * @throws {UsageError} when what declares it is wrong
 */
export function findTask(word: string, scope: TaskScope): FoundTask {
  const { directory, projects, foreign } = scope;
  const elsewhere = /^\/\/([^:]*):(.+)$/.exec(word);
  if (elsewhere !== null) {
    const [, path = "", name = ""] = elsewhere;
    return findTask(name, scopeBelow(path, scope));
  }
  for (const project of seen(scope)) {
    const wrong = project.wrong?.get(word);
    if (wrong !== undefined) throw wrong;
    const found = taskNamed(project.tasks, word);
    if (found !== undefined) return { project, ...found };
  }
  const all = [...projects, ...foreign?.(foreignDirectories(directory, projects)) ?? []];
  throw unknownTask(word, all, scope.elsewhere?.(word));
}

/**
 * What the file sees that declares a task: its `depends` mean the same wherever the task is run from.
 *
 * @param scope what the task was found in
 */
export function scopeOf(project: ProjectTasks, scope: TaskScope): TaskScope {
  if (project.program !== undefined) return scope;
  const at = scope.projects.indexOf(project);
  const projects = at === -1 ? scope.open(project.root) : scope.projects.slice(at);
  return { ...scope, directory: project.root, projects };
}

/** Other programs' files are read only where haft.toml has no such task. */
function* seen({ directory, projects, foreign }: TaskScope): Iterable<ProjectTasks> {
  yield* projects;
  yield* foreign?.(foreignDirectories(directory, projects)) ?? [];
}

/** The tasks of one directory below the outermost project alone, of haft.toml or another program's file. */
function scopeBelow(path: string, scope: TaskScope): TaskScope {
  const { open, foreign } = scope;
  const directory = resolve(scope.projects.at(-1)?.root ?? scope.directory, path);
  const only = foreign === undefined ? undefined : () => foreign([directory]);
  const within = { ...scope, directory, foreign: only };
  try {
    return { ...within, projects: open(directory).slice(0, 1) };
  } catch (error) {
    if (!(error instanceof UnknownTask) || (only?.() ?? []).length === 0) throw error;
    return { ...within, projects: [] };
  }
}

/** @throws {UsageError} with the nearest name, when the project has no such task */
export function configOf(project: ProjectTasks, name: string): TaskConfig {
  const wrong = project.wrong?.get(name);
  if (wrong !== undefined) throw wrong;
  const found = taskNamed(project.tasks, name);
  if (found === undefined) throw unknownTask(name, [project]);
  return found.config;
}

function unknownTask(word: string, projects: readonly ProjectTasks[], elsewhere?: string): UnknownTask {
  const names = projects.flatMap(({ tasks }) =>
    [...tasks].flatMap(([name, { aliases }]) => [name, ...aliases])
  );
  return new UnknownTask(`"${projects[0]?.manifest ?? ""}" has no task "${word}"`, {
    next: didYouMean(nearestNames(word, names)) ?? elsewhere ??
      `Declare it under [tasks.${tomlKey(word)}], or start a command: haft task start -- COMMAND…`,
  });
}

/** A key as TOML has it: `build`, `"build:*"`. */
function tomlKey(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}
