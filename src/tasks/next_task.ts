import type { TaskInfo } from "../protocol/methods/task_methods.ts";

/**
 * The task to run next: the first in its project, and the project with the fewest running tasks. A project
 * that asks for a thousand tasks leaves room for the one task of another.
 *
 * @param live queued and running tasks, in the order of their starts
 * @param mayRun whether a queued task waits only for its turn
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
  // In the order of the projects' first tasks.
  for (const [root, task] of first) {
    const busy = running.get(root) ?? 0;
    if (next === undefined || busy < next.busy) next = { task, busy };
  }
  return next?.task;
}
