import type { TaskInfo } from "../protocol/methods/task_methods.ts";

/**
 * Names an attempt's processes and its channel, so that a later daemon finds what started just before a
 * crash.
 */
export function markerOf({ id, attempt }: Pick<TaskInfo, "id" | "attempt">): string {
  return `task-${id}-${attempt}`;
}
