import type { TaskInfo } from "../../protocol/methods/task_methods.ts";

/** Why a task was not run, as a person reads it. */
export function skippedText({ skip_reason: reason }: Pick<TaskInfo, "skip_reason">): string {
  switch (reason) {
    case "if":
      return "skipped, its condition (if) is not met";
    case "status":
      return "skipped, its status says that it is done";
    default:
      return "nothing had changed";
  }
}
