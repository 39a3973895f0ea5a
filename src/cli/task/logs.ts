import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import { ProgramText } from "../../ui/program_text.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { socketFlag } from "../daemon/endpoint.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { numberFlag } from "../flag_values.ts";
import { emptyLogText, failureText } from "./failure_text.ts";
import { followTask } from "./follow_task.ts";
import { checkId, isFleetTask, noId, TASK_FLAGS, type TaskOptions } from "./task_options.ts";

export interface TaskLogsOptions extends TaskOptions {
  id: string;
  lines: number;
  follow: boolean;
}

export const command: Command<TaskLogsOptions> = {
  usage: ["ID"],
  completes: "task-ids",
  flags: [
    { name: "follow", short: "f", description: "Go on until the task is over" },
    { name: "lines", short: "n", value: "N", description: "How many lines (default: 100)" },
    ...TASK_FLAGS,
  ],
  parse,
  async run({ socket, ...options }, context) {
    if (isFleetTask(options.id)) {
      const { printFleetLogs } = await import("./fleet_logs.ts");
      return await printFleetLogs(options, context);
    }
    const client = "haft task";
    if (options.follow && context.remote !== undefined) {
      const { followRemoteLog } = await import("./remote_log.ts");
      const task = await withDaemon(
        { socket, client },
        context,
        (daemon) => followRemoteLog(daemon, options, context),
      );
      await tellFailure(task, options, context);
      return ExitCode.ok;
    }
    const path = await withDaemon(
      { socket, client },
      context,
      (daemon) => printLogs(daemon, options, context),
    );
    if (!options.follow) return ExitCode.ok;
    const { stdout, signal } = context;
    const { id } = options;
    const task = await followTask(path, {
      wait: (signal) =>
        keepConnected(
          { socket, client, comeBack: `haft task logs -f ${id}` },
          context,
          async (daemon) => {
            const { tasks } = await daemon.request("task.wait", { ids: [id] }, { signal });
            return tasks[0];
          },
        ),
      signal,
      color: stdout.color,
      write: (text) => stdout.write(text),
      closed: () => stdout.closed,
    });
    await tellFailure(task, options, context);
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): TaskLogsOptions {
  const [id, extra] = [...args.positional, ...args.rest];
  if (id === undefined) throw noId();
  if (!isFleetTask(id)) checkId(id);
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, { next: "Name one task at a time" });
  }
  return {
    id,
    lines: numberFlag(args, "lines", { usual: 100, most: 10_000 }),
    follow: args.flags.has("follow"),
    json: args.flags.has("json"),
    socket: socketFlag(args),
  };
}

async function tellFailure(
  task: TaskInfo | undefined,
  { json }: Pick<TaskLogsOptions, "json">,
  { stderr }: Context,
): Promise<void> {
  if (task !== undefined && !json) await stderr.write(failureText(task));
}

/** @returns where the task's output goes */
async function printLogs(
  daemon: DaemonClient,
  { id, lines: count, follow, json }: Omit<TaskLogsOptions, "socket">,
  { stdout, stderr }: Context,
): Promise<string> {
  const { path, lines } = await daemon.request("task.logs", { id, lines: count });
  const program = new ProgramText({ color: stdout.color });
  for (const line of lines) {
    await stdout.write(json ? `${JSON.stringify({ line })}\n` : program.push(`${line}\n`));
  }
  await stdout.write(program.end());
  if (!follow && lines.length === 0 && !json) {
    const { task } = await daemon.request("task.status", { id });
    await stderr.write(emptyLogText(task));
  }
  return path;
}
