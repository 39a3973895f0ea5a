/**
 * The spellings of packages/ipc's messages. The released library and the document on it differ in the origins
 * and in the shape of an event; the document has a second framing, for its Rust translation.
 */
import * as v from "valibot";
import type { RooEvent } from "./roo_events.ts";

export interface ServerIds {
  clientId: string;
  pid: number;
  ppid: number;
}

export interface RooSpelling {
  readonly framing: "form-feed" | "lines";
  ack(ids: ServerIds): unknown;
  /** @returns undefined for an event that this spelling has no word for */
  event(event: RooEvent): unknown;
}

export const RELEASED: RooSpelling = {
  framing: "form-feed",
  ack: (data) => ({ type: "message", data: { type: "Ack", origin: "server", data } }),
  event: ({ eventName, payload, relayClientId }) => {
    const relay = relayClientId === undefined ? {} : { relayClientId };
    return {
      type: "message",
      data: { type: "TaskEvent", origin: "server", ...relay, data: { eventName, payload } },
    };
  },
};

/** The document's, for its TypeScript client on node-ipc. */
export const DOCUMENTED: RooSpelling = {
  framing: "form-feed",
  ack: (data) => ({ type: "message", data: { type: "Ack", origin: "Server", data } }),
  event: (event) => {
    const data = documented(event);
    if (data === undefined) return undefined;
    const relay = event.relayClientId === undefined ? {} : { relayClientId: event.relayClientId };
    return { type: "message", data: { type: "TaskEvent", origin: "Server", ...relay, data } };
  },
};

/**
 * The document's, for its Rust translation: bare messages, one a line, names in snake case beside the others.
 */
export const DOCUMENTED_LINES: RooSpelling = {
  framing: "lines",
  ack: (ids) => ({
    type: "Ack",
    origin: "Server",
    client_id: ids.clientId,
    data: { ...ids, client_id: ids.clientId },
  }),
  event: (event) => {
    const data = documented(event);
    if (data === undefined) return undefined;
    const relay = event.relayClientId === undefined
      ? {}
      : { relayClientId: event.relayClientId, relay_client_id: event.relayClientId };
    return { type: "TaskEvent", origin: "Server", ...relay, data: { ...data, task_id: data.taskId } };
  },
};

const KINDS: ReadonlyMap<string, string> = new Map([
  ["taskStarted", "TaskStarted"],
  ["taskCompleted", "TaskCompleted"],
  ["taskAborted", "TaskAborted"],
]);

/** The four events that the document has; its schema refuses all others. */
function documented({ eventName, taskId, message }: RooEvent) {
  if (taskId === undefined) return undefined;
  if (eventName === "message") return { type: "Message", taskId, message };
  const type = KINDS.get(eventName);
  return type === undefined ? undefined : { type, taskId, timestamp: Date.now() };
}

const Command = v.object({
  type: v.literal("TaskCommand"),
  data: v.object({ commandName: v.string(), data: v.optional(v.unknown()) }),
});

/** What a client may send: a command, bare or in node-ipc's envelope. */
const Frame = v.union([v.object({ type: v.literal("message"), data: Command }), Command]);

/** node-ipc sends and hears events of any name; only its messages, and bare commands, are for the agent. */
const Elsewhere = v.object({
  type: v.pipe(v.string(), v.check((type) => type !== "message" && type !== "TaskCommand")),
});

/**
 * @returns undefined for what is meant for no one here
 * @throws {Error} why it is no command
 */
export function readCommand(value: unknown): { commandName: string; data?: unknown } | undefined {
  const frame = v.safeParse(Frame, value);
  if (!frame.success) {
    if (v.is(Elsewhere, value)) return undefined;
    throw new Error("This is no command: it needs type TaskCommand, and data with a commandName");
  }
  return frame.output.type === "message" ? frame.output.data.data : frame.output.data;
}
