import { readFileSync } from "node:fs";
import type { DaemonSettings } from "../tools/manifest/manifest_schema.ts";
import { CONNECTION_LIMITS, type ConnectionLimits } from "./connection_limits.ts";
import { LIMITS } from "../socket/limits.ts";

const DEFAULT_IDLE_EXIT_SECONDS = 3 * 60 * 60;

/** Milliseconds without anything to do after which the daemon ends. */
export function idleExitMs({ idle_exit: seconds = DEFAULT_IDLE_EXIT_SECONDS }: DaemonSettings): number {
  return seconds === 0 ? Infinity : seconds * 1000;
}

/** The limits with the user's own in place; connections never take the last descriptors. */
export function connectionLimits(
  { connections = CONNECTION_LIMITS.connections, frame = CONNECTION_LIMITS.frame }: DaemonSettings,
  descriptors: number = descriptorLimit(),
): ConnectionLimits {
  return {
    ...CONNECTION_LIMITS,
    connections: Math.max(1, Math.min(connections, descriptors - LIMITS.reservedDescriptors)),
    frame,
    frameBeforeHello: Math.min(frame, CONNECTION_LIMITS.frameBeforeHello),
  };
}

/** How many files this process may have open; Infinity where the system does not say. */
function descriptorLimit(): number {
  try {
    const text = readFileSync("/proc/self/limits", "utf8");
    const match = /^Max open files\s+(\d+)/m.exec(text);
    return match?.[1] === undefined ? Infinity : Number(match[1]);
  } catch {
    return Infinity;
  }
}
