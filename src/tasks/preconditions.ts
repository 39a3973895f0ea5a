import { spawn } from "node:child_process";
import { HaftError } from "../base/errors.ts";
import { withUsersUmask } from "../base/umask.ts";
import { type PrepareOptions, prepareTask } from "./prepare_task.ts";
import type { CommandLine } from "../process/command_line.ts";
import type { SkipReason } from "../protocol/methods/task_methods.ts";
import type { TaskConfig } from "./task_schema.ts";

/**
 * Why a task is skipped: its `if` fails, or its `status` succeeds. Undefined when it has to run.
 *
 * @param force runs it whatever its `status` says; its `if` counts
 */
export async function skipReason(
  config: TaskConfig,
  options: PrepareOptions,
  { force }: { force: boolean },
): Promise<Extract<SkipReason, "if" | "status"> | undefined> {
  if (config.if !== undefined && !await succeeds("if", config.if, { config, options })) return "if";
  if (config.status !== undefined && !force && await succeeds("status", config.status, { config, options })) {
    return "status";
  }
  return undefined;
}

/** What a shell says of a command that it cannot run, and of one that it does not find. */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

/** @throws {HaftError} when the command cannot be run, which says nothing about the condition */
async function succeeds(
  key: "if" | "status",
  command: CommandLine,
  { config, options }: { config: TaskConfig; options: PrepareOptions },
): Promise<boolean> {
  const { programs: [program], cwd, env } = prepareTask({
    ...options,
    config: { ...config, run: [typeof command === "string" ? command : [...command]] },
    command: null,
    given: { ...options.given, words: [] },
  });
  if (program === undefined) return false;
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = withUsersUmask(() =>
      spawn(program.file, program.args, {
        cwd,
        env,
        stdio: "ignore",
        windowsHide: true,
        windowsVerbatimArguments: program.verbatim,
      })
    );
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (!NOT_RUN.has(code)) return code === 0;
  const what = code === 127 ? "names a command that is not there" : "names what cannot be executed";
  throw new HaftError(`"${key}" of task "${options.name}" ${what} (exit code ${code}): ${command}`, {
    next: `Correct its "${key}"`,
  });
}
