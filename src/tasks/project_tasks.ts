import { UsageError } from "../base/errors.ts";
import { loadProject } from "../tools/project/load_project.ts";
import { openProject, projectEnvironment, type UserContext } from "../tools/project/open_project.ts";
import { searchPath } from "../tools/project/search_path.ts";
import { requireProjectTrust } from "../tools/trust/project_trust.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { parseTasks, type TaskConfig } from "./task_schema.ts";

/** The tasks of a project as its manifest has them now. Reading them runs nothing. */
export interface ProjectTasks {
  root: string;
  tasks: ReadonlyMap<string, TaskConfig>;
  /** How messages name the manifest. */
  manifest: string;
  /** @throws {HaftError} when the manifest is not trusted */
  requireTrust(): void;
  /** Tools on PATH and the project's variables. @throws {HaftError} when those are not trusted */
  environment(): Promise<Record<string, string>>;
}

/** @throws {UsageError} when the manifest is wrong */
export function readProjectTasks(cwd: string, user: UserContext): ProjectTasks {
  const project = loadProject(cwd, user);
  const { manifestPath } = project;
  return {
    root: project.root,
    tasks: manifestPath === undefined ? new Map() : parseTasks(project.tasks, manifestPath),
    manifest: manifestPath ?? project.root,
    requireTrust: () => requireProjectTrust(user, project),
    async environment() {
      const { set, unset, path } = await projectEnvironment(user, openProject({ ...user, cwd }));
      const env: Record<string, string> = {};
      for (const [name, value] of Object.entries({ ...user.env, ...set })) {
        if (value !== undefined && !unset.includes(name)) env[name] = value;
      }
      env["PATH"] = searchPath(path, env["PATH"]);
      return env;
    },
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
