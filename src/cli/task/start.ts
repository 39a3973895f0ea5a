import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { callerEnv } from "../caller_env.ts";
import { FORCE_FLAG, parseStart, START_FLAGS, startRequest, type TaskStartOptions } from "./task_options.ts";

export const command: Command<TaskStartOptions> = {
  usage: ["NAME…", "NAME -- ARGS…", "-- COMMAND…"],
  flags: [FORCE_FLAG, ...START_FLAGS],
  examples: ['id=$(haft task start build); haft task wait "$id"', "haft task start -- make -j4"],
  completes: "tasks",
  parse: parseStart,
  async run(options, context) {
    const { stdout, signal } = context;
    const names = options.command.length > 0 ? [undefined] : options.names;
    const elsewhere = context.remote !== undefined;
    if (elsewhere && options.envFiles.length > 0) {
      throw new UsageError("--env-file is read here, and --host runs the task elsewhere");
    }
    const env = elsewhere ? undefined : await callerEnv(options, context);
    await offerTrust(context, { declared: options.command.length === 0 });
    await withDaemon({ socket: options.socket, client: "haft task" }, context, async (daemon) => {
      for (const name of names) {
        const request = startRequest(name, options, { cwd: context.cwd, env });
        const task = await daemon.request("task.start", request, { signal });
        await stdout.write(options.json ? `${JSON.stringify(task, null, 2)}\n` : `${task.id}\n`);
      }
    });
    return ExitCode.ok;
  },
};
