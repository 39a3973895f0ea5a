import { readLock } from "../tools/lockfile/read_lock_file.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { type InstalledTool, type ProjectTool, projectTool } from "../tools/project/installed_tools.ts";
import { loadProject, type Project } from "../tools/project/load_project.ts";
import { environmentChanges } from "../tools/project/tool_environment.ts";
import { Store } from "../tools/store/store.ts";
import type { Context } from "./command.ts";

/** A project and what of it is on this machine. */
export interface OpenProject {
  project: Project;
  store: Store;
  tools: ProjectTool[];
}

type ProjectContext = Pick<Context, "cwd" | "env" | "home" | "paths">;

/** Reads the project of the current directory, its lock file, and the receipts of its tools. No network. */
export function openProject(context: ProjectContext): OpenProject {
  const project = loadProject(context.cwd, context);
  const store = new Store(context.paths);
  const { lock } = readLock(project.lockPath);
  const platform = hostPlatform();
  return {
    project,
    store,
    tools: project.requests.map((request) => projectTool(request, { lock, store, platform })),
  };
}

export function installedTools(tools: readonly ProjectTool[]): InstalledTool[] {
  return tools.flatMap(({ installed }) => installed ?? []);
}

/**
 * The environment that the project's tools run in, on top of this process's.
 *
 * @throws {HaftError} when the project's own variables are not trusted
 */
export async function projectEnvironment(context: ProjectContext, { project, tools }: OpenProject) {
  if (Object.keys(project.env).length > 0) {
    const { requireProjectTrust } = await import("./project_trust.ts");
    requireProjectTrust(context, project);
  }
  return environmentChanges(installedTools(tools), project.env, context.env);
}
