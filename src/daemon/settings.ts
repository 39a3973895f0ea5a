import { availableParallelism } from "node:os";
import type { DaemonSettings } from "../tools/manifest/manifest_schema.ts";
import { CONNECTION_LIMITS, type ConnectionLimits } from "./connection_limits.ts";

/** Seconds without anything to do. */
export const DEFAULT_IDLE_EXIT_SECONDS = 3 * 60 * 60;

/** Milliseconds without anything to do after which the daemon ends. */
export function idleExitMs({ idle_exit: seconds = DEFAULT_IDLE_EXIT_SECONDS }: DaemonSettings): number {
  return seconds === 0 ? Infinity : seconds * 1000;
}

/** The limits with the user's own in place. */
export function connectionLimits(settings: DaemonSettings): ConnectionLimits {
  const {
    connections = CONNECTION_LIMITS.connections,
    silent_connections: silentConnections = CONNECTION_LIMITS.silentConnections,
    frame = CONNECTION_LIMITS.frame,
  } = settings;
  const frameBeforeHello = Math.min(frame, CONNECTION_LIMITS.frameBeforeHello);
  return { ...CONNECTION_LIMITS, connections, silentConnections, frame, frameBeforeHello };
}

/** Started tasks at a time. They may be servers that never end: a few must not keep all others waiting. */
export function taskPlaces(
  { tasks }: Pick<DaemonSettings, "tasks">,
  cores: number = availableParallelism(),
): number {
  return tasks ?? Math.max(8, 4 * cores);
}
