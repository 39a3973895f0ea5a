import { UsageError } from "../../base/errors.ts";
import { table } from "../../ui/table.ts";
import { canAsk } from "../ask.ts";
import { shellWord } from "../../base/shell_quote.ts";
import type { Context } from "../command.ts";
import { declaredTasks } from "./declared_tasks.ts";
import { nothingHere } from "../../ui/nothing_here.ts";

/**
 * Lets a person at a terminal choose a task.
 *
 * @param command what a task's name is written behind
 * @returns undefined when they leave without one
 * @throws {UsageError} where a picker cannot be drawn, with the list of tasks
 */
export async function pickTask(context: Context, command = "haft run"): Promise<string | undefined> {
  const { env, stderr, signal } = context;
  const tasks = await declaredTasks(context);
  if (tasks.length === 0) {
    const { unreadNote } = await import("../../tasks/unread_files.ts");
    const { message, next } = nothingHere("tasks");
    throw new UsageError(message, { next: unreadNote([context.cwd]) ?? next });
  }
  if (!canAsk(context) || env["TERM"] === "dumb") {
    // A name that reads as a flag cannot be typed there.
    const typed = tasks.filter(({ name }) => !name.startsWith("-"));
    const rows = table(
      typed.map(({ name, description }) => [`  ${command} ${shellWord(name)}`, description ?? ""]),
    );
    throw new UsageError("Which task? None was named", { next: `Name one:\n${rows.trimEnd()}` });
  }
  const { pick } = await import("../../ui/pick.ts");
  return await pick("Which task?", tasks, { terminal: stderr, signal });
}
