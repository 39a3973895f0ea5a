import * as v from "valibot";
import type { Emit, EventDetails } from "./event_types.ts";
import { AppState } from "./methods/app_methods.ts";

/** What every event of an app has; its subject is the app's name. */
const app = {
  app: v.string(),
  /** The project's directory: two projects may have apps of one name. */
  root: v.string(),
  instance: v.number(),
};

/** What happens to supervised processes, as the daemon publishes it. */
export const APP_EVENTS = {
  "app.status_change": {
    summary: "An app's state changed; `removed` is its last",
    data: v.object({
      ...app,
      state: v.union([AppState, v.literal("removed")]),
      previous: v.nullable(AppState),
      reason: v.nullable(v.string()),
    }),
  },
  "app.process_started": {
    summary: "A process of an app runs; `adopted` when an earlier daemon started it",
    data: v.object({ ...app, pid: v.number(), adopted: v.boolean(), changed: v.array(v.string()) }),
  },
  "app.process_exited": {
    summary: "An app's process ended; both are null when it is unknown how",
    data: v.object({
      ...app,
      pid: v.number(),
      exit_code: v.nullable(v.number()),
      signal: v.nullable(v.string()),
    }),
  },
  "app.process_crashed": {
    summary: "An app's process failed, or could not be started",
    data: v.object({ ...app, reason: v.string() }),
  },
  "app.process_restarting": {
    summary: "An app is started again after a pause",
    data: v.object({ ...app, attempt: v.number(), delay_ms: v.number(), reason: v.string() }),
  },
  "app.log_line": {
    summary: "An app wrote a line; `partial` when it goes on in the next event",
    data: v.object({
      ...app,
      stream: v.picklist(["stdout", "stderr"]),
      line: v.string(),
      time: v.number(),
      partial: v.boolean(),
    }),
  },
  "app.log_skipped": {
    summary: "An app writes faster than lines can be published: these bytes are in its log files alone",
    data: v.object({ ...app, stream: v.picklist(["stdout", "stderr"]), bytes: v.number() }),
  },
  "app.health_check_failed": {
    summary: "A health check failed; after `retries` in a row the app is unhealthy",
    data: v.object({ ...app, reason: v.string(), failures: v.number(), retries: v.number() }),
  },
  "app.resource_limit_exceeded": {
    summary:
      "An app's processes use more than their limit; above `memory` they restart, if the app asks for it",
    data: v.object({
      ...app,
      resource: v.picklist(["memory", "cpu"]),
      limit: v.number(),
      current: v.number(),
      action: v.picklist(["restart", "report"]),
    }),
  },
  "app.processes_left": {
    summary: "Processes that had left an app's group were stopped together with it",
    data: v.object({ ...app, pids: v.array(v.number()) }),
  },
} as const;

export type AppEventName = keyof typeof APP_EVENTS;

/** The fields that every event of an app has. */
export interface AboutApp {
  app: string;
  root: string;
  instance: number;
}

/** Event name → the fields that it has besides {@link AboutApp}. */
export type AppEventDetails = EventDetails<typeof APP_EVENTS, AboutApp>;

export type EmitAppEvent = Emit<typeof APP_EVENTS, AboutApp>;
