import * as v from "valibot";

/**
 * The message that every native channel carries, one JSON text a frame. `type` says which of the other fields count:
 * a `request` has `id` and `method`, a `response` the same `id` and `data` or `error`, an `event` has `event`.
 */
export const Message = v.object({
  type: v.picklist(["request", "response", "event", "ping", "pong", "data", "ready"]),
  id: v.optional(v.string()),
  method: v.optional(v.string()),
  event: v.optional(v.string()),
  data: v.optional(v.unknown()),
  error: v.optional(v.object({
    code: v.number(),
    message: v.string(),
    data: v.optional(v.unknown()),
  })),
});
export type Message = v.InferOutput<typeof Message>;
