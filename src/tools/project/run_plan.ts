import type { Env } from "../../base/env.ts";
import { hostPlatform } from "../host_platform.ts";
import type { ToolRequest } from "../request.ts";
import { findExecutable, type FoundExecutable } from "./find_executable.ts";
import { type ProjectTool, projectTool } from "./installed_tools.ts";
import { installedTools, type OpenProject, type UserContext } from "./open_project.ts";
import { defaultVariables, executableDirectories } from "./tool_environment.ts";

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
 * @param env of whoever runs it: a JavaScript tool looks for its runtime on PATH where the project has none
 * @throws {HaftError} when the project has no such tool, it is not installed, or the project's variables are not trusted
 */
export async function planRun(
  name: string,
  open: OpenProject,
  { env, paths }: { env: Env; paths: UserContext["paths"] },
): Promise<RunPlan> {
  const found = findExecutable(name, open.tools, open.project);
  const variables = open.project.env;
  if (Object.keys(variables).length > 0) {
    const { requireProjectTrust } = await import("../trust/project_trust.ts");
    requireProjectTrust({ paths }, open.project);
  }
  const tools = installedTools(open.tools);
  const plan: RunPlan = {
    found,
    file: found.path,
    args: [],
    path: executableDirectories(tools),
    defaults: defaultVariables(tools),
    env: { ...variables },
  };
  if (found.installed.receipt.kind !== "js") return plan;
  const { scriptCommand } = await import("./js_runner.ts");
  const script = scriptCommand(found.path, { env, tools, paths });
  return { ...plan, file: script.file, args: script.args, env: { ...variables, ...script.env } };
}

/** A version that was asked for by hand stands in for the project's, or adds a tool that the project does not have. */
export function withTarget(
  open: OpenProject,
  { name, version }: { name: string; version: string | undefined },
): OpenProject {
  if (version === undefined) return open;
  const known = open.tools.find(({ request }) => request.name === name)?.request;
  const request: ToolRequest = {
    ...(known ?? { name, options: {}, installEnv: {} }),
    version,
    decidedBy: { file: "the command line", key: name },
  };
  const tool: ProjectTool = projectTool(request, {
    lock: { version: 1, tools: {} },
    store: open.store,
    platform: hostPlatform(),
  });
  // First, so that its directory comes first on PATH, too.
  return { ...open, tools: [tool, ...open.tools.filter((other) => other.request.name !== name)] };
}
