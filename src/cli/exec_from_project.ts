import type { ExitCode } from "../base/exit_code.ts";
import { findExecutable, hasTool } from "../tools/project/find_executable.ts";
import { type OpenProject, openProject } from "../tools/project/open_project.ts";
import { programOnPath } from "../tools/project/program_on_path.ts";
import { rememberRun } from "../tools/project/remember_run.ts";
import { planRun, withTarget } from "../tools/project/run_plan.ts";
import type { Context } from "./command.ts";
import { runCommand } from "./exec_known.ts";
import type { ToolTarget } from "./tool_target.ts";

export interface ExecOptions {
  target: ToolTarget;
  args: string[];
  /** Install what is missing first. */
  install: boolean;
  /** A shim asks: what the project does not have is looked for in the rest of PATH. */
  shim: boolean;
}

/** `haft exec` the long way: reads the project, installs what is missing if that is wanted, and runs. */
export async function execFromProject(
  { target, args, install, shim }: ExecOptions,
  context: Context,
): Promise<ExitCode> {
  let open = withTarget(openProject(context), target);
  if (needsInstall(open, target) && (install || open.project.settings.auto_install === true)) {
    const { installMissing } = await import("./install_missing.ts");
    await installMissing(target, context);
    open = withTarget(openProject(context), target);
  }
  if (shim && !hasTool(target.name, open.tools)) {
    const file = programOnPath(target.name, { PATH: context.env["PATH"], except: context.paths.shims });
    if (file !== undefined) return await runCommand({ file, path: [], defaults: {} }, args, context.env);
  }
  const plan = await planRun(target.name, open, context);
  if (target.version === undefined) rememberRun(target.name, { plan, open }, context);
  return await runCommand(plan, args, context.env);
}

function needsInstall({ tools }: OpenProject, { name }: ToolTarget): boolean {
  try {
    findExecutable(name, tools);
    return false;
  } catch {
    return tools.some(({ installed, elsewhere }) => installed === undefined && !elsewhere);
  }
}
