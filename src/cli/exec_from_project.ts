import type { ExitCode } from "../base/exit_code.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { toolStoreId } from "../tools/resolve/install_config.ts";
import { writeExecCache } from "../tools/project/exec_cache.ts";
import { findExecutable, type FoundExecutable } from "../tools/project/find_executable.ts";
import { type ProjectTool, projectTool } from "../tools/project/installed_tools.ts";
import { defaultVariables, executableDirectories } from "../tools/project/tool_environment.ts";
import type { ToolRequest } from "../tools/request.ts";
import { receiptPath } from "../tools/store/receipt.ts";
import { storeDirectory } from "../tools/store/store.ts";
import type { Context } from "./command.ts";
import type { ExecOptions } from "./exec.ts";
import { runCommand } from "./exec_known.ts";
import { installedTools, type OpenProject, openProject, projectEnvironment } from "./open_project.ts";
import type { ToolTarget } from "./tool_target.ts";

/** `haft exec` the long way: reads the project, installs what is missing if that is wanted, and runs. */
export async function execFromProject(
  { target, args, install }: ExecOptions,
  context: Context,
): Promise<ExitCode> {
  let open = withTarget(openProject(context), target);
  if (needsInstall(open, target) && (install || open.project.settings.auto_install === true)) {
    const { installMissing } = await import("./install_missing.ts");
    await installMissing(target, context);
    open = withTarget(openProject(context), target);
  }
  const found = findExecutable(target.name, open.tools, open.project);
  const tools = installedTools(open.tools);
  const { set, unset, path } = await projectEnvironment(context, open);
  const env: Record<string, string | undefined> = { ...context.env, ...set };
  for (const name of unset) delete env[name];
  if (found.installed.receipt.kind === "js") {
    const { scriptCommand } = await import("../tools/project/js_runner.ts");
    const script = scriptCommand(found.path, {
      env: context.env,
      tools,
      stateDirectory: context.paths.state,
    });
    const command = { file: script.file, path, defaults: {} };
    return await runCommand(command, [...script.args, ...args], { ...env, ...script.env });
  }
  if (target.version === undefined) remember(target.name, { found, open }, context);
  return await runCommand({ file: found.path, path, defaults: {} }, args, env);
}

/** Keeps the answer for the next time, when nothing but files decided it. */
function remember(
  name: string,
  { found: { path: file }, open: { project, tools, store } }: { found: FoundExecutable; open: OpenProject },
  context: Context,
): void {
  // Variables of the project need trust, which is looked at each time.
  if (Object.keys(project.env).length > 0) return;
  const installed = installedTools(tools);
  const files = [
    ...project.lookedFor,
    project.lockPath,
    file,
    ...tools.map(({ request }) => storeDirectory(context.paths, toolStoreId(request))),
    ...installed.map(({ receipt }) => receiptPath(store.directory(receipt.store_id, receipt.version))),
  ];
  const command = { file, path: executableDirectories(installed), defaults: defaultVariables(installed) };
  writeExecCache(context.paths.exec, { cwd: context.cwd, name, version: context.version }, {
    command,
    files,
  });
}

/** A version on the command line stands in for the project's, or adds a tool that the project does not have. */
function withTarget(open: OpenProject, { name, version }: ToolTarget): OpenProject {
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

function needsInstall({ tools }: OpenProject, { name }: ToolTarget): boolean {
  try {
    findExecutable(name, tools);
    return false;
  } catch {
    return tools.some(({ installed, elsewhere }) => installed === undefined && !elsewhere);
  }
}
