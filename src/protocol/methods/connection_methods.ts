import * as v from "valibot";
import { Ack, Hello } from "../hello.ts";
import { defineMethod } from "./define.ts";

/** A glob on event types by segment, e.g. `app.*`. */
const TypeGlob = v.pipe(
  v.string(),
  v.regex(/^[^.\s]+(\.[^.\s]+)*$/, "not a pattern such as app.*"),
  v.maxLength(200),
);

/** `EPOCH:SEQ` taken apart: what the subscriber saw last. */
const StreamPosition = v.strictObject({
  epoch: v.string(),
  seq: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

const Subscription = v.object({
  subscription_id: v.string(),
  types: v.array(v.string()),
  subject: v.optional(v.string()),
});

/** One connection in `client.list`. */
const ClientInfo = v.object({
  client_id: v.string(),
  /** What it called itself in `hello`; null when it said none. */
  name: v.nullable(v.string()),
  version: v.nullable(v.string()),
  protocol: v.number(),
  /** Milliseconds since 1970. */
  connected_at: v.number(),
  requests: v.number(),
  subscriptions: v.array(Subscription),
});

export const connectionMethods = {
  "hello": defineMethod({
    summary: "Introduces the client and agrees on the protocol version",
    params: Hello,
    result: Ack,
  }),
  "cancel": defineMethod({
    summary: "Ends a request of this connection that is in flight; it answers with the error `cancelled`",
    params: v.strictObject({ id: v.string() }),
    result: v.object({ cancelled: v.boolean() }),
  }),
  "events.subscribe": defineMethod({
    summary: "Streams events to this connection; the snapshot is the state from which the stream goes on",
    params: v.strictObject({
      /** All types when empty. */
      types: v.optional(v.pipe(v.array(TypeGlob), v.maxLength(100)), []),
      subject: v.optional(v.pipe(v.string(), v.maxLength(300))),
      since: v.optional(StreamPosition),
    }),
    result: v.object({
      subscription_id: v.string(),
      epoch: v.string(),
      seq: v.number(),
      snapshot: v.record(v.string(), v.unknown()),
    }),
  }),
  "events.unsubscribe": defineMethod({
    summary: "Ends a subscription of this connection",
    params: v.strictObject({ subscription_id: v.string() }),
    result: v.object({}),
  }),
  "events.publish": defineMethod({
    summary: "Publishes an event whose type begins with `user.`",
    params: v.strictObject({
      type: v.pipe(
        v.string(),
        v.regex(/^user(\.[\w-]+)+$/, "not a type such as user.deployed"),
        v.maxLength(200),
      ),
      subject: v.optional(v.pipe(v.string(), v.maxLength(300))),
      data: v.optional(v.unknown()),
    }),
    result: v.object({ epoch: v.string(), seq: v.number() }),
  }),
  "client.list": defineMethod({
    summary: "Lists the open connections",
    params: v.strictObject({}),
    result: v.object({ clients: v.array(ClientInfo) }),
  }),
  "client.send": defineMethod({
    summary: "Sends an event to one client alone",
    params: v.strictObject({
      client_id: v.string(),
      event: v.pipe(
        v.string(),
        v.regex(/^user(\.[\w-]+)+$/, "not a type such as user.hello"),
        v.maxLength(200),
      ),
      data: v.optional(v.unknown()),
    }),
    result: v.object({}),
  }),
} as const;
