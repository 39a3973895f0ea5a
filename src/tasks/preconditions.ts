import { spawn } from "node:child_process";
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
  if (config.if !== undefined && !await succeeds(config.if, config, options)) return "if";
  if (config.status !== undefined && !force && await succeeds(config.status, config, options)) {
    return "status";
  }
  return undefined;
}

async function succeeds(command: CommandLine, config: TaskConfig, options: PrepareOptions): Promise<boolean> {
  const { programs: [program], cwd, env } = prepareTask({
    ...options,
    config: { ...config, run: [typeof command === "string" ? command : [...command]] },
    command: null,
    given: { ...options.given, words: [] },
  });
  if (program === undefined) return false;
  return await new Promise((resolve) => {
    const child = withUsersUmask(() =>
      spawn(program.file, program.args, {
        cwd,
        env,
        stdio: "ignore",
        windowsHide: true,
        windowsVerbatimArguments: program.verbatim,
      })
    );
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
