import { ExitCode } from "../../base/exit_code.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { isFleetTask, parseIds, TASK_FLAGS, type TaskIdOptions } from "./task_options.ts";
import { printTasks } from "./task_table.ts";

export const command: Command<TaskIdOptions> = {
  usage: ["ID…"],
  completes: "task-ids",
  flags: TASK_FLAGS,
  parse: parseIds,
  async run({ ids: all, json, socket }, context) {
    const { signal } = context;
    const queued = all.filter(isFleetTask);
    if (queued.length > 0) {
      const { cancelFleetTasks } = await import("./fleet_tasks.ts");
      await cancelFleetTasks(queued, { json }, context);
    }
    const ids = all.filter((id) => !isFleetTask(id));
    if (ids.length === 0) return ExitCode.ok;
    const tasks = await withDaemon(
      { socket, client: "haft task" },
      context,
      (daemon) =>
        Promise.all(
          ids.map((id) => daemon.request("task.cancel", { id }, { signal })),
        ),
    );
    await printTasks(tasks, { json }, context);
    return ExitCode.ok;
  },
};
