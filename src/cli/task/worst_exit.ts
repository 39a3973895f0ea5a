import { ExitCode } from "../../base/exit_code.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";

/** A task here, or one of the fleet's queue. */
type Ended = Pick<TaskInfo, "state" | "exit_code"> & { reason: TaskInfo["reason"] | "refused" };

/** The exit code of the first task that was not completed: its command's own where it has one. */
export function worstExit(tasks: readonly Ended[]): ExitCode {
  const failed = tasks.find(({ state }) => state !== "completed");
  if (failed === undefined) return ExitCode.ok;
  if (failed.reason === "timed_out") return ExitCode.timedOut;
  if (failed.reason === "cancelled") return ExitCode.interrupted;
  if (failed.reason === "refused") return ExitCode.remote;
  const { exit_code: code } = failed;
  return code === null || code === 0 ? ExitCode.failed : code;
}
