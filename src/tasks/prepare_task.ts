import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseDotenv } from "../base/dotenv.ts";
import type { Env } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import { readTextFile } from "../base/read_text_file.ts";
import { type CommandLine, type Program, resolveProgram } from "../process/command_line.ts";
import type { ProjectTasks } from "./project_tasks.ts";
import { argumentVariables, type TaskArguments } from "./task_arguments.ts";
import type { TaskConfig } from "./task_schema.ts";

/** What an attempt of a task runs, one after the other. */
export interface PreparedTask {
  programs: Program[];
  cwd: string;
  env: Record<string, string>;
}

export interface PrepareOptions {
  project: ProjectTasks;
  /** Undefined for a command that no manifest has. */
  name: string | undefined;
  config: TaskConfig | undefined;
  /** Instead of a configuration. */
  command: readonly string[] | null;
  given: TaskArguments;
  /** The caller's environment; the daemon's where it is unknown. */
  inherited: Env | undefined;
  /** The caller's directory. */
  callerDirectory: string;
  scripts: string;
}

/** @throws {HaftError} when a program cannot be run, or the project is not trusted */
export function prepareTask(options: PrepareOptions): PreparedTask {
  const { project, name, config, command, given, inherited, callerDirectory, scripts } = options;
  const own = { ...dotenvVariables(project.root, config?.dotenv ?? []), ...config?.env };
  const base = project.environment({ inherited, own });
  const env: Record<string, string> = {
    ...base,
    ...argumentVariables(given.values, base),
    INIT_CWD: callerDirectory,
  };
  const cwd = config === undefined ? callerDirectory : taskDirectory(project.root, config, callerDirectory);
  const commands: readonly CommandLine[] = command === null ? config?.run ?? [] : [command];
  const shell = config?.shell ?? project.shell;
  return {
    cwd,
    env,
    programs: commands.map((one, index) =>
      resolveProgram(one, {
        values: given.values,
        cwd,
        path: env["PATH"],
        // Several commands share no arguments: they go to the last.
        args: index === commands.length - 1 ? given.words : [],
        shell,
        scripts,
        name: name ?? "task",
      })
    ),
  };
}

/** Where a task runs, and what its globs are relative to. */
export function taskDirectory(root: string, { dir, cwd }: TaskConfig, callerDirectory: string): string {
  return resolve(root, (dir ?? cwd ?? ".").replaceAll("{{cwd}}", callerDirectory));
}

/** @throws {HaftError} when the task is not for this platform */
export function requirePlatform(name: string, { platforms }: TaskConfig): void {
  if (platforms === undefined || runsOn(platforms, process.platform)) return;
  throw new HaftError(`Task "${name}" runs on ${platforms.join(", ")} only`);
}

export function runsOn(platforms: readonly string[], platform: string): boolean {
  const names: Readonly<Record<string, string>> = { macos: "darwin", windows: "win32" };
  return platforms.some((one) => (names[one] ?? one) === platform);
}

function dotenvVariables(root: string, files: readonly string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const path of files.map((file) => join(root, file)).filter((path) => existsSync(path))) {
    Object.assign(variables, parseDotenv(readTextFile(path)));
  }
  return variables;
}
