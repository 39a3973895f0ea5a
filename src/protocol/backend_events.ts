import * as v from "valibot";
import type { Emit } from "./event_types.ts";

/** What every event of a backend has; its subject is the backend's name. */
const backend = { backend: v.string(), root: v.string() };

/** What happens to backends, as the daemon publishes it. */
export const BACKEND_EVENTS = {
  "backend.started": {
    summary: "A backend's process runs",
    data: v.object({ ...backend, pid: v.number() }),
  },
  "backend.ready": {
    summary: "A backend answers requests",
    data: v.object({ ...backend, pid: v.number(), handlers: v.array(v.string()) }),
  },
  "backend.event": {
    summary: "A backend sent an event",
    data: v.object({ ...backend, event: v.string(), data: v.unknown() }),
  },
  "backend.stopped": {
    summary: "A backend's process ended: on request, or with exit code 0",
    data: v.object({ ...backend, exit_code: v.nullable(v.number()), signal: v.nullable(v.string()) }),
  },
  "backend.crashed": {
    summary: "A backend failed: its process, its heartbeat, or its protocol",
    data: v.object({ ...backend, reason: v.string() }),
  },
  "backend.restarting": {
    summary: "A backend is started again after a pause",
    data: v.object({ ...backend, attempt: v.number(), delay_ms: v.number() }),
  },
} as const;

export type BackendEventName = keyof typeof BACKEND_EVENTS;

/** The fields that every event of a backend has. */
export interface AboutBackend {
  backend: string;
  root: string;
}

export type EmitBackendEvent = Emit<typeof BACKEND_EVENTS, AboutBackend>;
