import type { DaemonClient } from "../../client/daemon_client.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { FleetTask } from "../../fleet/tasks/task_client.ts";
import type { Command, Context } from "../command.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { isFleetTask, parseIds, TASK_FLAGS, type TaskIdOptions } from "./task_options.ts";
import { LARGEST_PAGE } from "./task_table.ts";
import { worstExit } from "./worst_exit.ts";

export const command: Command<TaskIdOptions> = {
  usage: ["ID…"],
  completes: "task-ids",
  flags: TASK_FLAGS,
  examples: ['haft task wait "$id" && echo done'],
  parse: parseIds,
  async run({ ids, json, socket }, context) {
    const own = ids.filter((id) => !isFleetTask(id));
    const [queued, here] = await Promise.all([
      own.length === ids.length ? [] : waitOnFleet(ids.filter(isFleetTask), context),
      own.length === 0 ? [] : keepConnected(
        { socket, client: "haft task", comeBack: `haft task wait ${ids.join(" ")}` },
        context,
        (daemon) => allOver(daemon, own, context.signal),
      ),
    ]);
    const all = [...here, ...queued];
    const tasks = ids.flatMap((id) => all.filter((task) => task.id === id));
    if (json) await context.stdout.write(`${JSON.stringify(tasks, null, 2)}\n`);
    return worstExit(tasks);
  },
};

async function waitOnFleet(ids: readonly string[], context: Context): Promise<FleetTask[]> {
  const { waitForFleetTasks } = await import("./fleet_tasks.ts");
  return await waitForFleetTasks(ids, context);
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
