import { ExitCode } from "../../base/exit_code.ts";
import type { Result } from "../../protocol/methods/mod.ts";
import type { Command, Context } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { isFleetTask, parseIds, TASK_FLAGS, type TaskIdOptions } from "./task_options.ts";
import { printTasks } from "./task_table.ts";

export const command: Command<TaskIdOptions> = {
  usage: ["ID…"],
  completes: "task-ids",
  flags: TASK_FLAGS,
  parse: parseIds,
  async run({ ids: all, json, socket }, context) {
    const queued = all.filter(isFleetTask);
    if (queued.length > 0) {
      const { printFleetTasks } = await import("./fleet_tasks.ts");
      await printFleetTasks(queued, { json }, context);
    }
    const ids = all.filter((id) => !isFleetTask(id));
    if (ids.length === 0) return ExitCode.ok;
    await withDaemon({ socket, client: "haft task" }, context, async (daemon) => {
      for (const id of ids) {
        const answer = await daemon.request("task.status", { id });
        if (json) await context.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
        else await printStatus(answer, context);
      }
    });
    return ExitCode.ok;
  },
};

async function printStatus({ task, messages }: Result<"task.status">, context: Context): Promise<void> {
  const { stdout } = context;
  await printTasks([task], { json: false }, context);
  for (const { from, data } of messages) {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    await stdout.write(`  ${from === "user" ? ">" : "<"} ${text}\n`);
  }
  if (task.error !== null) await stdout.write(`  ${task.error.replaceAll("\n", "\n  ")}\n`);
}
