import * as v from "valibot";
import { APP_EVENTS } from "./app_events.ts";
import { BACKEND_EVENTS } from "./backend_events.ts";
import type { Message } from "./envelope.ts";
import type { Emit, EventData } from "./event_types.ts";
import { INSTALL_EVENTS } from "./install_events.ts";
import { TASK_EVENTS } from "./task_events.ts";

const Installation = v.object({ runtime: v.string(), version: v.string(), path: v.string() });

const ClientNews = v.object({
  client_id: v.string(),
  name: v.string(),
  dialect: v.nullable(v.string()),
  /** Where the system tells it. */
  pid: v.optional(v.number()),
});

/** Every event that the daemon publishes. Clients publish theirs under `user.`. */
export const EVENTS = {
  "daemon.started": {
    summary: "The daemon answers",
    data: v.object({ pid: v.number(), version: v.string() }),
  },
  "daemon.reloaded": {
    summary: "The user's settings were read again",
    data: v.object({ path: v.string() }),
  },
  "daemon.stopping": {
    summary: "The daemon takes no new requests; connections are closed when those in flight have ended",
    data: v.object({ reason: v.string() }),
  },
  "client.connected": {
    summary:
      "A client has introduced itself; `dialect` names the wire that it speaks, null for the native one",
    data: ClientNews,
  },
  "client.disconnected": {
    summary: "The connection of a client that had introduced itself ended",
    data: ClientNews,
  },
  "runtime.installed": {
    summary: "A version of a tool is new in the store; the subject is the tool",
    data: Installation,
  },
  "runtime.removed": {
    summary: "A version of a tool is no longer in the store; the subject is the tool",
    data: Installation,
  },
  "config.changed": {
    summary:
      "A file that decides what runs in a project was changed, made or removed; of projects that clients have asked about by `runtime.*`",
    data: v.object({ path: v.string() }),
  },
  ...INSTALL_EVENTS,
  ...APP_EVENTS,
  ...BACKEND_EVENTS,
  ...TASK_EVENTS,
} as const;

export type EventName = keyof typeof EVENTS;

/** Publishes one of the daemon's own events. */
export type EmitEvent = Emit<typeof EVENTS>;

/** Fields that every event of the daemon's stream has. */
interface Placed extends Message {
  type: "event";
  seq: number;
  time: number;
}

type OwnEvent = { [E in EventName]: Placed & { event: E; data: EventData<typeof EVENTS, E> } }[EventName];

/** Notices stand outside the stream: they have no `seq`. */
type Notice =
  | { event: "lagged"; data: { from: number; to: number; dropped: number } }
  | { event: "reset"; data: { epoch: string; seq: number } }
  | { event: "relay.lagged"; data: { dropped: number } };

/** Everything that a client of the daemon can be sent unasked. */
export type DaemonEvent = OwnEvent | (Message & Notice) | (Message & { event: `user.${string}` });
