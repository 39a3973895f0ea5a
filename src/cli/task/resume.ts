import { ExitCode } from "../../base/exit_code.ts";
import { sentEnvironment } from "../caller_env.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { textFlag } from "../flag_values.ts";
import { parseIds, TASK_FLAGS, type TaskIdOptions, TEXT_FLAG } from "./task_options.ts";
import { printTasks } from "./task_table.ts";

export interface TaskResumeOptions extends TaskIdOptions {
  text: string | undefined;
}

export const command: Command<TaskResumeOptions> = {
  usage: ["ID…"],
  completes: "task-ids",
  flags: [TEXT_FLAG, ...TASK_FLAGS],
  parse: (args) => ({ ...parseIds(args), text: textFlag(args, "text") }),
  async run({ ids, text, json, socket }, context) {
    const said = { ...(text === undefined ? {} : { text }), ...sentEnvironment(context) };
    await offerTrust(context, { declared: true });
    const tasks = await withDaemon(
      { socket, client: "haft task" },
      context,
      (daemon) => Promise.all(ids.map((id) => daemon.request("task.resume", { id, ...said }))),
    );
    await printTasks(tasks, { json }, context);
    return ExitCode.ok;
  },
};
