import * as v from "valibot";
import { Home } from "../hello.ts";
import { defineMethod } from "./define.ts";
import { Word } from "./words.ts";

/** What `daemon.status` tells. Times are seconds, sizes bytes. */
export const DaemonStatus = v.object({
  pid: v.number(),
  version: v.string(),
  build: v.string(),
  /** The program that runs it: haft, or the runtime that runs haft's sources. */
  executable: v.string(),
  protocol: v.tuple([v.number(), v.number()]),
  uptime_secs: v.number(),
  socket: v.string(),
  log: v.string(),
  epoch: v.string(),
  seq: v.number(),
  clients: v.number(),
  requests_in_flight: v.number(),
  rss_bytes: v.number(),
  /** Faults of haft itself since the start; each is in the log. */
  internal_errors: v.number(),
  /** Its own directories. */
  home: v.optional(Home),
});
export type DaemonStatus = v.InferOutput<typeof DaemonStatus>;

/**
 * `daemon.metrics` as JSON: the daemon's own figures, and those of every channel that it has. Sizes are
 * bytes.
 */
export const DaemonMetrics = v.object({
  format: v.literal("json"),
  metrics: v.record(v.string(), v.number()),
  connections: v.array(v.object({
    client_id: v.string(),
    name: v.nullable(v.string()),
    messages_received: v.number(),
    requests: v.number(),
    bytes_received: v.number(),
    bytes_sent: v.number(),
    queued_bytes: v.number(),
    peak_queue_bytes: v.number(),
    subscriptions: v.number(),
    uptime_ms: v.number(),
  })),
  /** Of backends. Latencies are microseconds. */
  channels: v.array(v.object({
    name: v.string(),
    kind: v.string(),
    messages_sent: v.number(),
    messages_received: v.number(),
    bytes_sent: v.number(),
    bytes_received: v.number(),
    errors: v.number(),
    latency: v.object({ count: v.number(), p50: v.number(), p99: v.number(), max: v.number() }),
    peak_queue: v.number(),
    uptime_ms: v.number(),
  })),
});
export type DaemonMetrics = v.InferOutput<typeof DaemonMetrics>;

export const daemonMethods = {
  "daemon.ping": defineMethod({
    summary: "Answers at once",
    params: v.strictObject({}),
    result: v.object({
      uptime_secs: v.number(),
      /** Tools that are answered for from memory. */
      cached_runtimes: v.number(),
    }),
  }),
  "daemon.status": defineMethod({
    summary: "The state of the daemon",
    params: v.strictObject({}),
    result: DaemonStatus,
  }),
  "daemon.shutdown": defineMethod({
    summary: "Stops the daemon: no new requests, those in flight finish, apps stop, everything closes",
    params: v.strictObject({
      /** Leaves apps running; the next daemon looks after them again. */
      keep_apps: v.optional(v.boolean(), false),
      /**
       * A daemon's command, which is run in this one's place, in the same process: apps and tasks go on, and
       * no exit code is lost. For daemons with the capability `successor`.
       */
      successor: v.optional(v.strictObject({
        command: v.pipe(v.array(Word), v.minLength(1)),
        env: v.record(Word, Word),
      })),
    }),
    result: v.object({ pid: v.number() }),
  }),
  "daemon.metrics": defineMethod({
    summary: "Counters and gauges, as JSON or as OpenMetrics text",
    params: v.strictObject({ format: v.optional(v.picklist(["json", "openmetrics"]), "json") }),
    result: v.variant("format", [
      DaemonMetrics,
      v.object({ format: v.literal("openmetrics"), text: v.string() }),
    ]),
  }),
  "daemon.describe": defineMethod({
    summary: "Every method and event with its JSON Schema, or one method's",
    params: v.strictObject({ method: v.optional(v.string()) }),
    result: v.object({
      methods: v.record(
        v.string(),
        v.object({ summary: v.string(), long: v.boolean(), params: v.unknown(), result: v.unknown() }),
      ),
      events: v.record(v.string(), v.object({ summary: v.string(), data: v.unknown() })),
    }),
  }),
  "log.tail": defineMethod({
    summary: "The last lines of the daemon's own log",
    params: v.strictObject({
      lines: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)), 50),
    }),
    result: v.object({ path: v.string(), lines: v.array(v.string()) }),
  }),
} as const;
