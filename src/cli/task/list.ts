import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Params, Result } from "../../protocol/methods/mod.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { noFurther, numberFlag } from "../flag_values.ts";
import { TASK_FLAGS, type TaskOptions } from "./task_options.ts";
import { LARGEST_PAGE, printTasks } from "./task_table.ts";

export interface TaskListOptions extends TaskOptions {
  lines: number;
  /** Tasks of every project. */
  all: boolean;
}

export const command: Command<TaskListOptions> = {
  usage: [""],
  flags: [
    { name: "all", short: "a", description: "Those of every project" },
    { name: "lines", short: "n", value: "N", description: "How many (default: 100)" },
    ...TASK_FLAGS,
  ],
  examples: ["haft task list", "haft task list --all -n 10 --json"],
  parse,
  async run({ lines, all, json, socket }, context) {
    const tasks = await withDaemon(
      { socket, client: "haft task" },
      context,
      (daemon) => newest(daemon, { lines, all }, context),
    );
    if (!all && context.remote === undefined) {
      const { projectPlace, tellMistake } = await import("../project_place.ts");
      const { mistake } = projectPlace(context);
      if (mistake !== undefined) tellMistake(mistake, context);
    }
    await printTasks(tasks, { json }, context);
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): TaskListOptions {
  noFurther([...args.positional, ...args.rest], 'For one task, run "haft task status ID"');
  return {
    lines: numberFlag(args, "lines", { usual: 100, most: 10_000 }),
    all: args.flags.has("all"),
    json: args.flags.has("json"),
    socket: socketFlag(args),
  };
}

/** As many of the newest as are wanted, from as many answers as that takes. */
async function newest(
  daemon: DaemonClient,
  { all, lines }: Pick<TaskListOptions, "all" | "lines">,
  { cwd, signal }: Context,
): Promise<TaskInfo[]> {
  const found: TaskInfo[] = [];
  const scope = all ? {} : { cwd };
  let from: { before?: string } | undefined = {};
  while (from !== undefined && found.length < lines) {
    const page: Params<"task.list"> = {
      ...scope,
      ...from,
      limit: Math.min(lines - found.length, LARGEST_PAGE),
    };
    const { tasks, next }: Result<"task.list"> = await daemon.request("task.list", page, { signal });
    found.push(...tasks);
    from = next === null ? undefined : { before: next };
  }
  return found;
}
