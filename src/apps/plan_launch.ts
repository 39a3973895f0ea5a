import { resolve } from "node:path";
import process from "node:process";
import type { Env } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import { type CommandContext, commandWords, resolveProgram } from "../process/command_line.ts";
import { requireProgram } from "../process/simple_program.ts";
import { appEnvironment } from "./app_environment.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { expandPath } from "./config/expand_variables.ts";
import { APP_VARIABLES } from "./find_unrecorded.ts";
import type { LaunchPlan } from "./instance_host.ts";
import { planLogs } from "./plan_logs.ts";
import type { ProjectApps } from "./project_apps.ts";

export interface PlanLaunchOptions {
  name: string;
  /** Of the instance. */
  number: number;
  project: ProjectApps;
  /** The `[apps.NAME]` as it is written. */
  written: unknown;
  config: AppConfig;
  /** The starter's environment; the daemon's own when undefined. */
  inherited?: Env | undefined;
  /** Whether the project's `.env` is its, too. */
  dotenv: boolean;
  /** The journal's directory. */
  journal: string;
  /** Where commands that begin with `#!` become files. */
  scripts: string;
  /** haft's directory of logs. */
  logDirectory: string;
  /** What it finds in `PORT`. */
  port: number | undefined;
}

/**
 * What starting an instance means now: its executable, words, directory and environment.
 *
 * @throws {HaftError} when the executable or a file of variables cannot be used
 */
export async function planLaunch(
  { inherited: starter, ...options }: PlanLaunchOptions,
): Promise<LaunchPlan> {
  const { name, number, project, written, config, scripts, journal, dotenv, logDirectory, port } = options;
  const variables = await appEnvironment({
    root: project.root,
    inherited: project.environment(starter),
    own: {
      [APP_VARIABLES.name]: name,
      [APP_VARIABLES.instance]: `${number}`,
      [APP_VARIABLES.root]: project.root,
      [APP_VARIABLES.journal]: journal,
      ...(port === undefined ? {} : { PORT: `${port}` }),
    },
    config,
    dotenv,
  });
  const cwd = workingDirectory(project.root, config, variables);
  const context: CommandContext = { args: config.args, shell: config.shell ?? project.shell, scripts, name };
  const place = { cwd, path: variables["PATH"] };
  const program = resolveProgram(config.command, { ...context, ...place });
  const systemShell = context.shell === undefined && process.platform !== "win32";
  if (systemShell && typeof config.command === "string") requireProgram(config.command, place);
  requireRootFor(name, config);
  return {
    config,
    words: (command) => commandWords(command, { ...context, args: [] }).words,
    written,
    logs: planLogs(config, { root: project.root, env: variables, never: logDirectory }),
    port,
    spec: {
      ...program,
      cwd,
      env: variables,
      uid: config.uid,
      gid: config.gid,
    },
  };
}

/** @param env of the app: its variables, and `~` for its home, are filled in */
export function workingDirectory(
  root: string,
  { cwd }: AppConfig,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return resolve(root, expandPath(cwd, (name) => env[name]));
}

function requireRootFor(name: string, { uid, gid }: AppConfig): void {
  if ((uid === undefined && gid === undefined) || process.getuid?.() === 0) return;
  throw new HaftError(`App "${name}" has a uid or gid, which only root can set`, {
    next: "Take them out of its [apps], or run the daemon as root",
  });
}
