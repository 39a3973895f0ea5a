import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { checkId, TASK_FLAGS, type TaskOptions } from "./task_options.ts";

export interface TaskSendOptions extends TaskOptions {
  id: string;
  text: string;
}

export const command: Command<TaskSendOptions> = {
  usage: ["ID TEXT"],
  completes: "task-ids",
  flags: TASK_FLAGS,
  parse,
  async run({ id, text, json, socket }, context) {
    const message = await withDaemon(
      { socket, client: "haft task" },
      context,
      (daemon) => daemon.request("task.send", { id, text }),
    );
    if (json) await context.stdout.write(`${JSON.stringify(message)}\n`);
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): TaskSendOptions {
  const [id, text, extra] = [...args.positional, ...args.rest];
  if (id === undefined || text === undefined || extra !== undefined) {
    throw new UsageError("haft task send takes an id and a text", { next: "Put the text in quotes" });
  }
  checkId(id);
  return { id, text, json: args.flags.has("json"), socket: socketFlag(args) };
}
