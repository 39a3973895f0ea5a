import * as v from "valibot";

/** Every event that the daemon publishes by itself; clients publish theirs under `user.`. */
export const EVENTS = {
  "daemon.started": {
    summary: "The daemon answers",
    data: v.object({ pid: v.number(), version: v.string() }),
  },
  "daemon.stopping": {
    summary: "The daemon takes no new requests; connections are closed when those in flight have ended",
    data: v.object({ reason: v.string() }),
  },
} as const;

export type EventName = keyof typeof EVENTS;
