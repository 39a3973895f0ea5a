import type { Env } from "../../base/env.ts";
import type { Paths } from "../../base/paths.ts";
import { placeKey } from "../../base/place_key.ts";
import { hostPlatform } from "../host_platform.ts";
import { readLock } from "../lockfile/read_lock_file.ts";
import { emptyLockFile } from "../locked_tool.ts";
import { plainRequest, type ToolRequest } from "../request.ts";
import { writeExecCache } from "./exec_cache.ts";
import { findExecutable, type FoundExecutable, isAsked } from "./find_executable.ts";
import { projectTool } from "./installed_tools.ts";
import { fingerprints } from "./fingerprint.ts";
import { type KnownTools, looksWith } from "./known_tools.ts";
import { appliedOnce } from "./applied_variables.ts";
import type { Project } from "./project.ts";
import { defaultVariables } from "./tool_environment.ts";

/** How a name is run in a project. */
export interface RunPlan {
  found: FoundExecutable;
  file: string;
  /** What comes before the tool's own arguments. */
  args: string[];
  /** Goes in front of PATH. */
  path: string[];
  /** Variables to set where they are not set already. */
  defaults: Record<string, string>;
  /** Variables to set in any case; null takes one away. */
  env: Record<string, string | null>;
}

/**
 * Decides how a name is run.
 *
 * @param env of the caller: a JavaScript tool looks for its runtime on PATH where the project has none
 * @param known what all tools give, where that is remembered: otherwise each one's receipt is read
 * @throws {HaftError} when the project has no such tool, it is not installed, or the project's variables are
 * not trusted
 */
export async function planRun(
  name: string,
  project: Project,
  { env, paths, known }: { env: Env; paths: Paths; known?: KnownTools | undefined },
): Promise<RunPlan> {
  const found = findExecutable(name, project.tools, project.files);
  const variables = appliedOnce(project.variables(), env);
  const parts = known?.parts ?? {
    path: [...project.standIns, ...project.executableDirectories],
    defaults: defaultVariables(project.installedTools),
  };
  const plan: RunPlan = { found, file: found.path, args: [], ...parts, env: variables };
  if (found.installed.receipt.kind !== "js") return plan;
  const { scriptCommand } = await import("./js_runner.ts");
  const requireInstalled = (runtime: string) => {
    const { tools, system, files: { catalogue } } = project;
    if (isAsked(runtime, tools, { catalogue, system })) findExecutable(runtime, project.tools, project.files);
  };
  const script = scriptCommand(found.path, {
    env,
    // Most executables start by themselves, and reading all receipts takes long.
    get tools() {
      return project.installedTools;
    },
    paths,
    requireInstalled,
  });
  return { ...plan, file: script.file, args: script.args, env: { ...variables, ...script.env } };
}

/**
 * A version that was asked for by hand stands in for the project's, or adds a tool that the project does not
 * have. Where the project's lock file answers it, that is what was installed for it.
 */
export function withTarget(
  project: Project,
  { name, version }: { name: string; version: string | undefined },
): Project {
  if (version === undefined) return project;
  const known = project.requests.find((request) => request.name === name);
  const request: ToolRequest = {
    ...(known ?? plainRequest(project.files.catalogue.tool(name))),
    version,
    decidedBy: { file: "the command line", key: name },
  };
  const { root, lockPath } = project.layerOf(name) ?? project.layers[0];
  return project.with(projectTool(request, {
    lock: known === undefined ? emptyLockFile() : readLock(lockPath).lock,
    root,
    lockPath,
    store: project.store,
    platform: hostPlatform(),
  }));
}

/**
 * Keeps how a name is run in a directory for the next `haft exec`, when nothing but files decided it.
 *
 * @param plan whole, as {@link planRun} made it: without its variables it would be another answer
 * @param asOf when the reading of the project began, in milliseconds since 1970
 */
export function rememberRun(
  name: string,
  { plan, project, known, asOf }: {
    plan: RunPlan;
    project: Project;
    known?: KnownTools | undefined;
    asOf: number;
  },
  { cwd, home, paths, version }: { cwd: string; home: string; paths: Paths; version: string },
): void {
  // Trust may add variables without a change of the files that are looked at.
  if (project.variablesNote !== undefined || !project.isDecidedByFiles) return;
  // Variables of the project need trust, and a script a runtime that may be on PATH: both are looked at each
  // time.
  if (Object.keys(plan.env).length > 0 || plan.file !== plan.found.path) return;
  const { file, path, defaults } = plan;
  writeExecCache(paths.exec, { cwd, name, version, place: placeKey({ home, ...paths }) }, {
    command: { file, path, defaults },
    files: (known === undefined ? undefined : looksWith(known, [...project.ownFiles, file], asOf)) ??
      fingerprints([...project.decidingFiles, file], asOf),
  });
}
