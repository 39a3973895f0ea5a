import type { TaskConfig } from "./task_schema.ts";

/** A task that only depends on others. */
export function isGroup({ run, backend }: Pick<TaskConfig, "run" | "backend">): boolean {
  return run === undefined && backend === undefined;
}
