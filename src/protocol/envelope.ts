import * as v from "valibot";

/**
 * The message that every native channel carries, one JSON text a frame. `type` says which of the other fields
 * count: a `request` has `id` and `method`, a `response` the same `id` and `data` or `error`, an `event` has
 * `event`. A `response` with an `error` and no `id` is about the connection itself, which is then closed. A
 * `part` has the `index` and, as `data`, a piece of the JSON text of an answer that is larger than a frame.
 */
export interface Message {
  type: "request" | "response" | "part" | "event" | "ping" | "pong" | "data" | "ready";
  id?: string | undefined;
  method?: string | undefined;
  event?: string | undefined;
  data?: unknown;
  error?: { code: number; name?: string | undefined; message: string; data?: unknown } | undefined;
  /** Of a request: no response is wanted, and no `id` needed. */
  oneway?: boolean | undefined;
  /** Of a part: its place among the answer's, from 0. */
  index?: number | undefined;
  /** Of a response whose data came in parts: how many. */
  parts?: number | undefined;
  /** Of an event of the daemon's stream: its place there. */
  seq?: number | undefined;
  /** Of an event of the daemon's stream: when, in milliseconds since 1970. */
  time?: number | undefined;
  /** Of an event of the daemon's stream: the app, tool or task that it is about. */
  subject?: string | undefined;
}

/** The schema of {@link Message}, for code that has valibot loaded; the channel itself uses isMessage(). */
export const Message: v.GenericSchema<unknown, Message> = v.object({
  type: v.picklist(["request", "response", "part", "event", "ping", "pong", "data", "ready"]),
  id: v.optional(v.string()),
  method: v.optional(v.string()),
  event: v.optional(v.string()),
  data: v.optional(v.unknown()),
  error: v.optional(v.object({
    code: v.number(),
    name: v.optional(v.string()),
    message: v.string(),
    data: v.optional(v.unknown()),
  })),
  oneway: v.optional(v.boolean()),
  index: v.optional(v.number()),
  parts: v.optional(v.number()),
  seq: v.optional(v.number()),
  time: v.optional(v.number()),
  subject: v.optional(v.string()),
});
