import type { ExitCode } from "../base/exit_code.ts";
import { findExecutable, hasTool } from "../tools/project/find_executable.ts";
import { programOnPath } from "../tools/program_on_path.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import { planRun, rememberRun, withTarget } from "../tools/project/run_plan.ts";
import { shimDepth } from "../tools/shims/shim_guard.ts";
import type { Context } from "./command.ts";
import { runCommand } from "./exec_known.ts";
import { foreignDirectory, refuseForeignHome } from "./foreign_home.ts";
import type { ToolTarget } from "./tool_target.ts";

export interface ExecOptions {
  target: ToolTarget;
  args: string[];
  /** Install what is missing first. */
  install: boolean;
  /** A shim asks: look in the rest of PATH for what the project lacks. */
  shim: boolean;
}

/** The long way of `haft exec`: reads the project, installs what is missing if asked to, and runs. */
export async function execFromProject(
  { target, args, install, shim }: ExecOptions,
  context: Context,
): Promise<ExitCode> {
  const { cwd, env } = context;
  let project = withTarget(openProject(cwd, context), target);
  if (needsInstall(project, target) && (install || project.settings.auto_install === true)) {
    refuseForeignHome(context, ["exec", "--install", target.name]);
    const { installMissing } = await import("./install_missing.ts");
    await installMissing(target, context);
    project = withTarget(openProject(cwd, context), target);
  }
  if (shim && !hasTool(target.name, project.tools)) {
    const file = programOnPath(target.name, { PATH: env["PATH"] });
    if (file !== undefined) {
      const depth = shimDepth(target.name, { program: file, env });
      return await runCommand({ file, path: [], defaults: {}, env: depth }, args, env);
    }
  }
  const plan = await planRun(target.name, project, context);
  if (target.version === undefined && foreignDirectory(context.paths) === undefined) {
    rememberRun(target.name, { plan, project }, context);
  }
  return await runCommand(plan, args, env);
}

function needsInstall({ tools }: Project, { name }: ToolTarget): boolean {
  try {
    findExecutable(name, tools);
    return false;
  } catch {
    return tools.some(({ installed, elsewhere }) => installed === undefined && !elsewhere);
  }
}
