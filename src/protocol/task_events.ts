import * as v from "valibot";
import type { Emit, EventDetails } from "./event_types.ts";
import { AbortReason, SkipReason, TaskMessage } from "./methods/task_methods.ts";

/** What every event of a task has; its subject is the task's name, or its id where it has none. */
const task = {
  id: v.string(),
  name: v.nullable(v.string()),
  root: v.string(),
  /** The client that started it, which gets the event without a subscription, too. */
  relay_client_id: v.optional(v.string()),
};

/** What happens to tasks, as the daemon publishes it. */
export const TASK_EVENTS = {
  "task.created": { summary: "A client asked for a task", data: v.object(task) },
  "task.queued": { summary: "A task waits for its turn", data: v.object({ ...task, attempt: v.number() }) },
  "task.started": {
    summary: "A task runs; `adopted` when an earlier daemon started it",
    data: v.object({ ...task, attempt: v.number(), pid: v.nullable(v.number()), adopted: v.boolean() }),
  },
  "task.message": {
    summary: "A task sent a message, or got one",
    data: v.object({ ...task, action: v.picklist(["created", "updated"]), message: TaskMessage }),
  },
  "task.retrying": {
    summary: "A task failed and is tried again after a pause",
    data: v.object({ ...task, attempt: v.number(), delay_ms: v.number() }),
  },
  "task.idle": { summary: "A task waits for a message", data: v.object(task) },
  "task.completed": {
    summary: "A task succeeded, or had nothing to do (`skipped`)",
    data: v.object({
      ...task,
      exit_code: v.nullable(v.number()),
      result: v.unknown(),
      usage: v.unknown(),
      skipped: v.boolean(),
      skip_reason: v.nullable(SkipReason),
    }),
  },
  "task.aborted": {
    summary: "A task failed, was cancelled, timed out or was lost",
    data: v.object({
      ...task,
      reason: AbortReason,
      error: v.nullable(v.string()),
      exit_code: v.nullable(v.number()),
    }),
  },
  "task.resumable": { summary: "A finished task can be resumed", data: v.object(task) },
  "task.closed": { summary: "A task is forgotten", data: v.object(task) },
} as const;

export type TaskEventName = keyof typeof TASK_EVENTS;

/** The fields that every event of a task has. */
export interface AboutTask {
  id: string;
  name: string | null;
  root: string;
  relay_client_id?: string | undefined;
}

/** Event name → the fields that it has besides {@link AboutTask}. */
export type TaskEventDetails = EventDetails<typeof TASK_EVENTS, AboutTask>;

export type EmitTaskEvent = Emit<typeof TASK_EVENTS, AboutTask>;

/** Those that a task causes as often as it likes; the others are steps of its life. */
export const SAID_BY_TASKS: ReadonlySet<string> = new Set<TaskEventName>(["task.message", "task.idle"]);
