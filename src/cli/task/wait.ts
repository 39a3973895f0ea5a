import { UsageError } from "../../base/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { FleetTask } from "../../fleet/tasks/task_steps.ts";
import type { Command, Context } from "../command.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { textFlag } from "../flag_values.ts";
import { failureText } from "./failure_text.ts";
import { isFleetTask, parseIds, TASK_FLAGS, type TaskIdOptions } from "./task_options.ts";
import { LARGEST_PAGE } from "./task_table.ts";
import { worstExit } from "./worst_exit.ts";

export interface TaskWaitOptions extends TaskIdOptions {
  /** Where the files go that tasks of the fleet's queue have made. */
  outputs: string | undefined;
}

export const command: Command<TaskWaitOptions> = {
  usage: ["ID…"],
  completes: "task-ids",
  flags: [
    {
      name: "outputs",
      value: "DIR",
      description: "Bring the outputs of tasks of the fleet's queue here; of several, each below its id",
      completes: "files",
    },
    ...TASK_FLAGS,
  ],
  examples: ['haft task wait "$id" && echo done', 'haft task wait "$id" --outputs build'],
  parse(args) {
    const options = { ...parseIds(args), outputs: textFlag(args, "outputs") };
    const own = options.ids.find((id) => !isFleetTask(id));
    if (options.outputs === undefined || own === undefined) return options;
    throw new UsageError(`--outputs is for tasks of the fleet's queue, and ${own} ran without it`, {
      next: "Its files lie where it made them; start it with --on to have them brought",
    });
  },
  async run({ ids, json, socket, outputs }, context) {
    const own = ids.filter((id) => !isFleetTask(id));
    const [queued, here] = await Promise.all([
      own.length === ids.length ? [] : waitOnFleet(ids.filter(isFleetTask), outputs, context),
      own.length === 0 ? [] : keepConnected(
        { socket, client: "haft task", comeBack: `haft task wait ${ids.join(" ")}` },
        context,
        (daemon) => allOver(daemon, own, context.signal),
      ),
    ]);
    const all = [...here, ...queued];
    const tasks = ids.flatMap((id) => all.filter((task) => task.id === id));
    if (json) await context.stdout.write(`${JSON.stringify(tasks, null, 2)}\n`);
    else await context.stderr.write(tasks.map(failureText).join(""));
    return worstExit(tasks);
  },
};

async function waitOnFleet(
  ids: readonly string[],
  outputs: string | undefined,
  context: Context,
): Promise<FleetTask[]> {
  const { waitForFleetTasks } = await import("./fleet_tasks.ts");
  return await waitForFleetTasks(ids, { outputs }, context);
}

/** Waits for all of them, as many at a time as one request takes. */
async function allOver(
  daemon: DaemonClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<TaskInfo[]> {
  const over: TaskInfo[] = [];
  for (let from = 0; from < ids.length; from += LARGEST_PAGE) {
    const part = ids.slice(from, from + LARGEST_PAGE);
    const { tasks } = await daemon.request("task.wait", { ids: part }, { signal });
    over.push(...tasks);
  }
  return over;
}
