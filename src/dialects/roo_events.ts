import type { DaemonEvent } from "../protocol/events.ts";
import type { AboutTask } from "../protocol/task_events.ts";

/** An event of Roo-Code's; the payload is a tuple. */
export interface RooEvent {
  eventName: string;
  payload: unknown[];
  /** The task that it is about, for spellings without payloads. */
  taskId?: string;
  /** Of a `message`. */
  message?: unknown;
  relayClientId?: string;
}

const NO_TOKENS = { totalTokensIn: 0, totalTokensOut: 0, totalCost: 0, contextTokens: 0 };

/**
 * haft's event of a task in Roo-Code's words: none for what it has no word for, several where it takes
 * several.
 */
export function rooEvents({ event, data }: DaemonEvent): RooEvent[] {
  switch (event) {
    case "task.created":
      return [about(data, "taskCreated", data.id)];
    case "task.started":
      return [about(data, "taskStarted", data.id)];
    case "task.resumable":
      return [about(data, "taskResumable", data.id)];
    case "task.idle":
      return [about(data, "taskIdle", data.id)];
    case "task.message": {
      const { action, message: { from, data: said, time } } = data;
      if (from === "user") return [];
      return [messageEvent(data, action, messageOf(said, time))];
    }
    case "task.completed":
      return [about(data, "taskCompleted", data.id, tokenUsage(data.usage), {}, { isSubtask: false })];
    case "task.aborted": {
      const aborted = about(data, "taskAborted", data.id);
      if (data.reason !== "failed" || data.error === null) return [aborted];
      const message = { ts: Date.now(), type: "say", say: "error", text: data.error };
      return [messageEvent(data, "created", message), aborted];
    }
    default:
      return [];
  }
}

/** A line that a plain command printed. */
export function outputEvent(task: AboutTask, text: string): RooEvent {
  return messageEvent(task, "created", { ts: Date.now(), type: "say", say: "text", text });
}

function about(task: AboutTask, eventName: string, ...payload: unknown[]): RooEvent {
  return { eventName, payload, taskId: task.id, ...relayed(task) };
}

function messageEvent(task: AboutTask, action: "created" | "updated", message: unknown): RooEvent {
  const payload = [{ taskId: task.id, action, message }];
  return { eventName: "message", payload, taskId: task.id, message, ...relayed(task) };
}

function relayed({ relay_client_id: relay }: AboutTask): { relayClientId?: string } {
  return relay === undefined ? {} : { relayClientId: relay };
}

/** What a task said: a text, or an object that may already have Roo-Code's fields. */
function messageOf(said: unknown, time: number): Record<string, unknown> {
  if (typeof said !== "object" || said === null) {
    return { ts: time, type: "say", say: "text", text: String(said) };
  }
  const { ts, type, say, ask, text, images, partial } = said as Record<string, unknown>;
  return {
    ts: typeof ts === "number" ? ts : time,
    type: type === "ask" ? "ask" : "say",
    ...(type === "ask" ? { ask: ask ?? "followup" } : { say: say ?? "text" }),
    text: typeof text === "string" ? text : JSON.stringify(said),
    ...(Array.isArray(images) ? { images } : {}),
    ...(typeof partial === "boolean" ? { partial } : {}),
  };
}

/** Zeros where it is not known. */
function tokenUsage(usage: unknown): Record<string, number> {
  const given = typeof usage === "object" && usage !== null ? usage as Record<string, unknown> : {};
  return Object.fromEntries(
    Object.entries(NO_TOKENS).map((
      [name, zero],
    ) => [name, typeof given[name] === "number" ? given[name] : zero]),
  );
}
