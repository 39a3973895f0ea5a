import { skippedText } from "./skipped_text.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";

/** A task here, or one of the fleet's queue. */
type Told = Pick<TaskInfo, "id" | "name" | "state" | "error"> & { reason: TaskInfo["reason"] | "refused" };

/** Which task was not completed, and why, as a line with its line break; `""` for all others. */
export function failureText({ id, name, reason, error }: Told): string {
  if (reason === null) return "";
  const label = name === null ? `Task ${id}` : `Task ${id} (${name})`;
  return `${label}: ${reasonText(reason)}${error === null ? "" : `: ${error}`}\n`;
}

/** A reason as people write it: `timed out`. */
export function reasonText(reason: string): string {
  return reason.replaceAll("_", " ");
}

/** What is said in place of a log without a line. */
export function emptyLogText(task: Told & Pick<TaskInfo, "skipped" | "skip_reason">): string {
  const { id, state } = task;
  if (state === "queued") return `Task ${id} is queued, and has printed nothing\n`;
  if (task.skipped) return `The log of ${id} is empty: ${skippedText(task)}\n`;
  const hint = 'it printed nothing, or had the terminal ("haft run --record" keeps that)';
  return `The log of ${id} is empty: ${hint}\n${failureText(task)}`;
}
