import type { TaskInfo } from "../protocol/methods/task_methods.ts";

/**
 * Which task is to run next: in each project first come, first served; among projects the one that has the fewest running, so that a
 * project that asks for a thousand does not keep another's one waiting.
 *
 * @param live queued and running ones, in the order in which they were asked for
 * @param mayRun whether a queued one waits for nothing but its turn
 */
export function nextTask<Task extends { readonly info: Pick<TaskInfo, "root" | "state"> }>(
  live: Iterable<Task>,
  mayRun: (task: Task) => boolean,
): Task | undefined {
  const running = new Map<string, number>();
  const first = new Map<string, Task>();
  for (const task of live) {
    const { root, state } = task.info;
    if (state === "running") running.set(root, (running.get(root) ?? 0) + 1);
    else if (!first.has(root) && mayRun(task)) first.set(root, task);
  }
  let next: { task: Task; busy: number } | undefined;
  // In the order in which the projects' first ones were asked for.
  for (const [root, task] of first) {
    const busy = running.get(root) ?? 0;
    if (next === undefined || busy < next.busy) next = { task, busy };
  }
  return next?.task;
}
