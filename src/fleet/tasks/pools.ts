/** Which hosts a task in the queue is for: one host, those with a label, or all. One token of a subject. */
import type { HostRecord } from "../presence.ts";
import { hostPool } from "../subjects.ts";

/** Every host. */
export const ANY_POOL = "any";

/** Dots part the tokens of a subject; labels have no `~`. */
export function labelPool(key: string, value: string): string {
  return `label-${key}=${value}`.replaceAll(".", "~");
}

/** All pools that a host takes tasks from. */
export function poolsOf({ host, labels }: Pick<HostRecord, "host" | "labels">): string[] {
  return [
    hostPool(host),
    ...Object.entries(labels).map(([key, value]) => labelPool(key, value)),
    ANY_POOL,
  ];
}
