import * as v from "valibot";

/**
 * A client's first request, `hello`. Optional: a client that sends another request first is served as
 * protocol 1. What it has besides these is left aside, so that a newer client can introduce itself to an
 * older daemon.
 */
export const Hello = v.object({
  /** The program's name, e.g. `haft ipc-send`. Shown by `client.list`. */
  client: v.pipe(v.string(), v.maxLength(100)),
  /** The program's own version. */
  version: v.optional(v.pipe(v.string(), v.maxLength(100))),
  /** Oldest and newest protocol that it speaks. */
  protocol: v.tuple([v.pipe(v.number(), v.integer()), v.pipe(v.number(), v.integer())]),
  /**
   * What it understands that older clients do not: `parts`, answers larger than a frame. `control`: it looks
   * after the daemon, and asks for one of the reserved connections.
   */
  capabilities: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(100)), []),
});
export type Hello = v.InferOutput<typeof Hello>;

/** The directories of a haft: two commands with other ones have other tools, apps and trust. */
export const Home = v.object({ store: v.string(), state: v.string(), config: v.string() });
export type Home = v.InferOutput<typeof Home>;

/** The answer to `hello`. */
export const Ack = v.object({
  /** 12 hex digits, given by the daemon, for this connection. */
  client_id: v.string(),
  pid: v.number(),
  ppid: v.number(),
  /** haft's version. */
  version: v.string(),
  /** Names this very build: two builds of one version differ. */
  build: v.string(),
  /** The protocol version of this connection: the newest that both speak. */
  protocol: v.number(),
  /** Names this life of the event stream. */
  epoch: v.string(),
  /** The newest event's number. */
  seq: v.number(),
  capabilities: v.array(v.string()),
  /** The daemon's own directories. Daemons before 0.2 do not say. */
  home: v.optional(Home),
});
export type Ack = v.InferOutput<typeof Ack>;
