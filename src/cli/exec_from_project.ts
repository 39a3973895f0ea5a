import { HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { choosesVersionFiles } from "../base/mise_env.ts";
import type { Catalogue } from "../tools/catalogue/catalogue.ts";
import { findExecutable, hasTool, systemToolOf } from "../tools/project/find_executable.ts";
import { plainRequest } from "../tools/request.ts";
import { tryParseVersionRequest } from "../tools/versions/version_request.ts";
import { programOnPath } from "../tools/program_on_path.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import { readKnownTools, rememberTools } from "../tools/project/known_tools.ts";
import { choiceNote } from "../tools/project/installed_tools.ts";
import { planRun, rememberRun, withTarget } from "../tools/project/run_plan.ts";
import { APPLIED, appliedOnce } from "../tools/project/applied_variables.ts";
import { runEnvironment } from "../tools/project/environment_changes.ts";
import { withLead } from "../tools/shims/lead.ts";
import { shimDepth } from "../tools/shims/shim_guard.ts";
import type { Context } from "./command.ts";
import { runCommand } from "./exec_known.ts";
import { foreignDirectory } from "../base/foreign_directory.ts";
import { refuseForeignHome } from "./foreign_home.ts";
import type { ToolTarget } from "./tool_target.ts";

export interface ExecOptions {
  /** Tools that stand in for the project's own, or are added to them. */
  targets: ToolTarget[];
  /** What runs: a tool, an executable of one, or any program where no tool was named. */
  command: string;
  args: string[];
  /** Install what is missing first. */
  install: boolean;
  /** A shim asks: look in the rest of PATH for what the project lacks. */
  shim: boolean;
  /** A stand-in asks: where no nearer project decides, that of this directory does. */
  standIn: string | undefined;
  /** What follows `TOOL@VERSION --`, which may have been meant as the command. */
  looksLike?: string | undefined;
}

/** The long way of `haft exec`: reads the project, installs what is missing if asked to, and runs. */
export async function execFromProject(options: ExecOptions, context: Context): Promise<ExitCode> {
  const { standIn, command } = options;
  if (standIn === undefined) return await execHere(options, context);
  const { tools, system, files: { catalogue } } = openProject(context.cwd, context);
  if (hasTool(command, tools, catalogue)) return await execHere(options, context);
  if (system.some(({ name }) => name === command)) return await execHere({ ...options, shim: true }, context);
  return await execHere(options, { ...context, cwd: standIn });
}

async function execHere(options: ExecOptions, context: Context): Promise<ExitCode> {
  const { command, args, shim } = options;
  const { env } = context;
  const asOf = Date.now();
  const opened = openProject(context.cwd, context);
  const { variablesNote, files: { catalogue } } = opened;
  if (variablesNote !== undefined && !shim && options.standIn === undefined) {
    await context.stderr.write(`Note: ${variablesNote}\n`);
  }
  await hintAtWith(options, catalogue, context);
  const targets = await Promise.all(
    options.targets.map((target) => exactTarget(meantTool(target, catalogue), context)),
  );
  const project = await provided({ ...options, targets }, { opened, context });
  const isSystems = systemToolOf(command, project) !== undefined;
  const named = targets.length === 1 && targets[0]?.name === command && !isSystems;
  if ((shim || !named) && !hasTool(command, project.tools, catalogue)) {
    const file = programOnPath(command, { PATH: env["PATH"] });
    if (shim && file !== undefined) {
      const depth = shimDepth(command, { program: file, env });
      return await runCommand({ file, path: [], defaults: {}, env: depth }, args, env);
    }
    if (!shim) return await runProgram(command, { project, args, targets }, context);
  }
  refuseOtherProgram(options, project, context);
  const isOwn = targets.every(({ version }) => version === undefined);
  const known = isOwn ? readKnownTools(project, context) : undefined;
  const decided = await planRun(command, project, { ...context, known });
  const note = isOwn && !shim && options.standIn === undefined ? choiceNote(decided.found.tool) : undefined;
  if (note !== undefined) await context.stderr.write(`Note: ${note}\n`);
  const plan = { ...decided, path: pathOfChildren(decided.path, { targets, context }) };
  if (isOwn && !choosesVersionFiles(env) && foreignDirectory(context.paths) === undefined) {
    if (known === undefined) rememberTools(project, { ...decided, asOf }, context);
    rememberRun(command, { plan, project, known, asOf }, context);
  }
  // Who put a stand-in on PATH applied the project's variables, and perhaps a task's own over them.
  const applied = options.standIn === project.cwd ? [...Object.keys(project.variables()), APPLIED] : [];
  const left = Object.entries(plan.env).filter(([variable]) => !applied.includes(variable));
  return await runCommand({ ...plan, env: Object.fromEntries(left) }, args, env);
}

/**
 * What stands first on PATH. A child in another project gets that project's version, unless a version was
 * named on the command line: that one is meant wherever it runs.
 */
function pathOfChildren(
  path: readonly string[],
  { targets, context: { cwd, paths } }: { targets: readonly ToolTarget[]; context: Context },
): string[] {
  const isFixed = targets.some(({ version }) => version !== undefined);
  return isFixed || foreignDirectory(paths) !== undefined ? [...path] : withLead(path, { cwd, paths });
}

/** `rg@15` is ripgrep's; without a version the project knows better what a name means. */
function meantTool({ name, version }: ToolTarget, catalogue: Catalogue): ToolTarget {
  return { name: version === undefined ? name : catalogue.providerOf(name) ?? name, version };
}

/** `node@22 -- npm test` gives node the words "npm test": other programs run them. */
async function hintAtWith(
  { looksLike, targets: [target] }: ExecOptions,
  catalogue: Catalogue,
  { stderr }: Context,
): Promise<void> {
  if (looksLike === undefined || target === undefined) return;
  const isCommand = catalogue.entry(looksLike) ?? catalogue.providerOf(looksLike) ??
    /^(ba|z|fi|da)?sh$/.exec(looksLike);
  if (isCommand === null || isCommand === undefined) return;
  const tool = `${target.name}@${target.version}`;
  await stderr.write(
    `Note: "${looksLike}" is an argument of ${target.name} here; "haft x --with ${tool} ${looksLike} …" runs it\n`,
  );
}

/** @throws {HaftError} for a program of PATH that no tool has, which is run behind `--` */
function refuseOtherProgram(
  { command, targets }: ExecOptions,
  { tools, files: { catalogue, skipped } }: Project,
  { env }: Context,
): void {
  const isKnown = hasTool(command, tools, catalogue) || catalogue.entry(command) !== undefined ||
    catalogue.providerOf(command) !== undefined || skipped.some(({ name }) => name === command);
  if (isKnown || targets.some(({ version }) => version !== undefined)) return;
  if (programOnPath(command, { PATH: env["PATH"] }) === undefined) return;
  throw new HaftError(`No tool of this project provides "${command}"`, {
    next: `The one on PATH runs with this project's tools behind "--": haft exec -- ${command} …`,
  });
}

/** A tag, such as \`latest\`, is what its source says now. */
async function exactTarget(target: ToolTarget, context: Context): Promise<ToolTarget> {
  const { name, version } = target;
  if (version === undefined || tryParseVersionRequest(version)?.kind !== "tag") return target;
  const project = openProject(context.cwd, context);
  const known = project.requests.find((request) => request.name === name);
  const decidedBy = { file: "the command line", key: name };
  const request = { ...(known ?? plainRequest(project.files.catalogue.tool(name))), version, decidedBy };
  const { projectResolver } = await import("../sync/project_sync.ts");
  const resolve = await projectResolver(project, { offline: false }, context);
  return { name, version: (await resolve(request, context.signal)).version };
}

/** The project with the tools that were named, installed as far as that is wanted. */
async function provided(
  { targets, install }: ExecOptions,
  { opened, context }: { opened: Project; context: Context },
): Promise<Project> {
  const project = targets.reduce(withTarget, opened);
  const missing = targets.filter((target) =>
    needsInstall(project, target) && wantsInstall(project, target, install)
  );
  if (missing.length === 0) return project;
  refuseForeignHome(context, ["exec", "--install", ...missing.map(({ name }) => name)]);
  const { installMissing } = await import("./install_missing.ts");
  for (const target of missing) await installMissing(target, context);
  return targets.reduce(withTarget, openProject(context.cwd, context));
}

/** A version that was asked for by hand is wanted now; the project's tools wait for `haft sync`. */
function wantsInstall({ settings }: Project, { version }: ToolTarget, install: boolean): boolean {
  return install || settings.auto_install === true ||
    (version !== undefined && settings.auto_install !== false);
}

/** Runs a program that is none of the tools', with theirs in front of PATH. */
async function runProgram(
  command: string,
  { project, args, targets }: { project: Project; args: readonly string[]; targets: readonly ToolTarget[] },
  context: Context,
): Promise<ExitCode> {
  const { env } = context;
  const { path, variables, defaults } = project.environmentParts();
  const environment = runEnvironment({
    path: pathOfChildren(path, { targets, context }),
    variables: appliedOnce(variables, env),
    defaults,
  }, { inherited: env });
  // As it is: the path of this directory may have lost bytes.
  const file = command.includes("/") ? command : programOnPath(command, { PATH: environment["PATH"] });
  if (file === undefined) {
    throw new HaftError(`There is no "${command}", neither among the project's tools nor on PATH`, {
      next: 'Run "haft ls" for the tools of this project',
      exitCode: ExitCode.failed,
    });
  }
  return await runCommand({ file, path: [], defaults: {} }, args, environment);
}

function needsInstall({ tools, files }: Project, { name }: ToolTarget): boolean {
  try {
    findExecutable(name, tools, files);
    return false;
  } catch {
    return tools.some(({ installed, elsewhere }) => installed === undefined && !elsewhere);
  }
}
