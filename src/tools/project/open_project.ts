import type { Env } from "../../base/env.ts";
import type { Paths } from "../../base/paths.ts";
import { hostPlatform } from "../host_platform.ts";
import { readLock } from "../lockfile/read_lock_file.ts";
import { toolStoreId } from "../resolve/install_config.ts";
import { receiptPath } from "../store/receipt.ts";
import { Store, storeDirectory } from "../store/store.ts";
import { type InstalledTool, type ProjectTool, projectTool } from "./installed_tools.ts";
import { loadProject, type Project } from "./load_project.ts";
import { environmentChanges } from "./tool_environment.ts";

/** A project and what of it is on this machine. */
export interface OpenProject {
  project: Project;
  store: Store;
  tools: ProjectTool[];
}

/** Whose project it is, and where that user's haft keeps things. */
export interface UserContext {
  env: Env;
  home: string;
  paths: Paths;
}

/** Reads the project of the current directory, its lock file, and the receipts of its tools. No network. */
export function openProject(context: UserContext & { cwd: string }): OpenProject {
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

/** Every file and directory that {@link openProject} read or looked for: while they are as they are, so is its answer. */
export function decidingFiles({ project, store, tools }: OpenProject, paths: Pick<Paths, "store">): string[] {
  return [
    ...project.lookedFor,
    project.lockPath,
    ...tools.map(({ request }) => storeDirectory(paths, toolStoreId(request))),
    ...installedTools(tools).map(({ receipt }) =>
      receiptPath(store.directory(receipt.store_id, receipt.version))
    ),
  ];
}

export function installedTools(tools: readonly ProjectTool[]): InstalledTool[] {
  return tools.flatMap(({ installed }) => installed ?? []);
}

/**
 * The environment that the project's tools run in, on top of the given one.
 *
 * @throws {HaftError} when the project's own variables are not trusted
 */
export async function projectEnvironment(context: Pick<UserContext, "env" | "paths">, open: OpenProject) {
  const { project, tools } = open;
  if (Object.keys(project.env).length > 0) {
    const { requireProjectTrust } = await import("../trust/project_trust.ts");
    requireProjectTrust(context, project);
  }
  return environmentChanges(installedTools(tools), project.env, context.env);
}
