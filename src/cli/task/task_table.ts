import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { Context } from "../command.ts";
import { reasonText } from "./failure_text.ts";
import { skippedText } from "./skipped_text.ts";

/** Tasks that one request names or answers with. */
export const LARGEST_PAGE = 500;

/** Prints tasks, a line for each, or as JSON. */
export async function printTasks(
  tasks: readonly TaskInfo[],
  { json }: { json: boolean },
  { stdout, stderr }: Pick<Context, "stdout" | "stderr">,
): Promise<void> {
  if (json) {
    await stdout.write(`${JSON.stringify(tasks, null, 2)}\n`);
    return;
  }
  if (tasks.length === 0) {
    await stderr.write('No task has run here yet\n  Run "haft run" to choose one\n');
    return;
  }
  const { table } = await import("../../ui/table.ts");
  const { formatTime } = await import("../../ui/units.ts");
  const { createStyle } = await import("../../ui/style.ts");
  const style = createStyle(stdout.color);
  const titles = ["id", "task", "state", "", "time"].map((title) => style.dim(title));
  const rows = tasks.map((task) => {
    const { id, name, attempt, started_at: began, ended_at: ended } = task;
    return [
      id,
      name ?? "-",
      stateText(task),
      attempt > 1 ? `attempt ${attempt}` : "",
      began === null ? "" : formatTime((ended ?? Date.now()) - began),
    ];
  });
  // Scripts read the rows, and cut them at spaces.
  await stdout.write(table(stdout.isTTY ? [titles, ...rows] : rows, stdout));
}

function stateText(task: TaskInfo): string {
  const { state, reason, waiting } = task;
  if (state === "aborted" && reason !== null) return reasonText(reason);
  if (state === "queued" && typeof waiting === "string") return `queued (${waiting})`;
  return task.skipped ? `completed (${skippedText(task)})` : state;
}
