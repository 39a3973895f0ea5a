import type { ExitCode } from "../base/exit_code.ts";
import { writeExecCache } from "../tools/project/exec_cache.ts";
import { findExecutable } from "../tools/project/find_executable.ts";
import { decidingFiles, type OpenProject, openProject } from "../tools/project/open_project.ts";
import { planRun, type RunPlan, withTarget } from "../tools/project/run_plan.ts";
import type { Context } from "./command.ts";
import type { ExecOptions } from "./exec.ts";
import { runCommand } from "./exec_known.ts";
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
  const plan = await planRun(target.name, open, context);
  if (target.version === undefined) remember(target.name, { plan, open }, context);
  return await runCommand(plan, args, context.env);
}

/** Keeps the answer for the next time, when nothing but files decided it. */
function remember(
  name: string,
  { plan, open }: { plan: RunPlan; open: OpenProject },
  context: Context,
): void {
  // Variables of the project need trust, and a script a runtime that may be on PATH: both are looked at each time.
  if (Object.keys(plan.env).length > 0 || plan.file !== plan.found.path) return;
  const { file, path, defaults } = plan;
  const files = [...decidingFiles(open, context.paths), file];
  writeExecCache(context.paths.exec, { cwd: context.cwd, name, version: context.version }, {
    command: { file, path, defaults },
    files,
  });
}

function needsInstall({ tools }: OpenProject, { name }: ToolTarget): boolean {
  try {
    findExecutable(name, tools);
    return false;
  } catch {
    return tools.some(({ installed, elsewhere }) => installed === undefined && !elsewhere);
  }
}
