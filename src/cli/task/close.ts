import { ExitCode } from "../../base/exit_code.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { parseIds, TASK_FLAGS, type TaskIdOptions } from "./task_options.ts";
import { printTasks } from "./task_table.ts";

export const command: Command<TaskIdOptions> = {
  usage: ["ID…"],
  completes: "task-ids",
  flags: TASK_FLAGS,
  parse: parseIds,
  async run({ ids, json, socket }, context) {
    const { signal } = context;
    const tasks = await withDaemon(
      { socket, client: "haft task" },
      context,
      (daemon) =>
        Promise.all(
          ids.map((id) => daemon.request("task.close", { id }, { signal })),
        ),
    );
    await printTasks(tasks, { json }, context);
    return ExitCode.ok;
  },
};
