import { UsageError } from "../base/errors.ts";
import type { Env } from "../base/env.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { taskNamed } from "./task_named.ts";
import type { TaskConfig } from "./task_schema.ts";

/** The tasks of a project as its manifest has them now. */
export interface ProjectTasks {
  root: string;
  tasks: ReadonlyMap<string, TaskConfig>;
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
  projects: readonly ProjectTasks[];
  /** The project of another directory. @throws {UsageError} when it has none */
  open(directory: string): ProjectTasks;
  /**
   * The tasks of other programs' files, nearest first: what this directory sees, or what another one has.
   * They count after those of haft.toml.
   */
  foreign?: ((directory?: string) => readonly ProjectTasks[]) | undefined;
  /** Where a task may be that no file has, as a next step. */
  elsewhere?: ((word: string) => string | undefined) | undefined;
}

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
 * @throws {UsageError} with the nearest name, when there is none
 */
export function findTask(word: string, scope: TaskScope): FoundTask {
  const { projects, open, foreign } = scope;
  const elsewhere = /^\/\/([^:]*):(.+)$/.exec(word);
  const outermost = projects.at(-1);
  if (elsewhere !== null && outermost !== undefined) {
    const [, path = "", name = ""] = elsewhere;
    const directory = `${outermost.root}/${path}`;
    const others = foreign === undefined ? undefined : () => foreign(directory);
    return findTask(name, { projects: projectsAt(directory, { open, others }), open, foreign: others });
  }
  for (const project of seen(scope)) {
    const found = taskNamed(project.tasks, word);
    if (found !== undefined) return { project, ...found };
  }
  throw unknownTask(word, [...projects, ...foreign?.() ?? []], scope.elsewhere?.(word));
}

/** Other programs' files are read only where haft.toml has no such task. */
function* seen({ projects, foreign }: TaskScope): Iterable<ProjectTasks> {
  yield* projects;
  yield* foreign?.() ?? [];
}

/** @throws {UsageError} where a directory has neither a haft.toml nor another program's tasks */
function projectsAt(
  directory: string,
  { open, others }: Pick<TaskScope, "open"> & { others: (() => readonly ProjectTasks[]) | undefined },
): ProjectTasks[] {
  try {
    return [open(directory)];
  } catch (error) {
    if (!(error instanceof UsageError) || (others?.() ?? []).length === 0) throw error;
    return [];
  }
}

/** @throws {UsageError} with the nearest name, when the project has no such task */
export function configOf(project: ProjectTasks, name: string): TaskConfig {
  const found = taskNamed(project.tasks, name);
  if (found === undefined) throw unknownTask(name, [project]);
  return found.config;
}

function unknownTask(word: string, projects: readonly ProjectTasks[], elsewhere?: string): UsageError {
  const names = projects.flatMap(({ tasks }) =>
    [...tasks].flatMap(([name, { aliases }]) => [name, ...aliases])
  );
  return new UsageError(`"${projects[0]?.manifest ?? ""}" has no task "${word}"`, {
    next: didYouMean(nearestNames(word, names)) ?? elsewhere ??
      `Declare it under [tasks.${tomlKey(word)}], or start a command: haft task start -- COMMAND…`,
  });
}

/** A key as TOML has it: `build`, `"build:*"`. */
function tomlKey(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}
