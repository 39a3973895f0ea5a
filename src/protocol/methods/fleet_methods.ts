import * as v from "valibot";
import { defineMethod } from "./define.ts";

/** This host's place in its fleet. Times are milliseconds since 1970. */
export const FleetStatus = v.object({
  /** `off` without `[fleet]`; `refused` when another host has the name; `failed` until the next attempt. */
  state: v.picklist(["off", "connecting", "connected", "refused", "failed"]),
  /** Why it is not connected. */
  error: v.nullable(v.string()),
  fleet: v.nullable(v.string()),
  host: v.nullable(v.string()),
  /** The public key that its requests are signed with. */
  key: v.nullable(v.string()),
  servers: v.array(v.string()),
  /** When the state began. */
  since: v.number(),
  /** Senders that may ask something of this host. */
  allowed: v.number(),
  /** Senders' sessions that are open. */
  sessions: v.number(),
  /** What became of its events since it joined; `error` is why they wait. */
  events: v.object({ published: v.number(), dropped: v.number(), error: v.nullable(v.string()) }),
});
export type FleetStatus = v.InferOutput<typeof FleetStatus>;

export const fleetMethods = {
  "fleet.status": defineMethod({
    summary: "Whether this host is connected to its fleet",
    params: v.strictObject({}),
    result: FleetStatus,
  }),
  "fleet.reload": defineMethod({
    summary: "Reads `[fleet]` of the user's settings again, and joins or leaves accordingly",
    params: v.strictObject({}),
    result: FleetStatus,
  }),
} as const;
