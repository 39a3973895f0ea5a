import * as v from "valibot";

/** Where a fleet's server answers. */
const SERVER = /^(nats|tls):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/;
const ABSOLUTE = /^(\/|[A-Za-z]:[\\/]|\\\\)/;

/** One token of a subject: no dots, no wildcards, and the same on every system. */
export const FLEET_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
/** A public user key of NATS. */
export const USER_KEY = /^U[A-Z2-7]{55}$/;
/** `app.status`, `app.*` or `*`. */
export const METHOD_GLOB = /^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$/;

export const FleetName = v.pipe(
  v.string(),
  v.regex(FLEET_NAME, 'a name such as "web1": small letters, digits, "-" and "_", 63 at most'),
);
const FilePath = v.pipe(v.string(), v.regex(ABSOLUTE, "an absolute path"));
const Label = v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,63}$/, "letters, digits, dots, - and _"));

/** What one sender may do on this host. What is left out is not allowed. */
export const FleetGrant = v.strictObject({
  /** How people call the sender. */
  name: v.optional(v.pipe(v.string(), v.maxLength(100))),
  /** Methods that it may call. */
  methods: v.optional(
    v.array(v.pipe(v.string(), v.regex(METHOD_GLOB, 'a method, such as "app.status" or "app.*"'))),
    [],
  ),
  /** Directories of the projects that it may call them for; `"*"` is every project, and the host itself. */
  projects: v.optional(v.array(v.union([FilePath, v.literal("*")])), []),
  /** It may send commands, arguments and variables of its own: it can then run anything as this user. */
  commands: v.optional(v.boolean(), false),
});
export type FleetGrant = v.InferOutput<typeof FleetGrant>;

/** `app.*`, `task.completed` or `*`, as subscriptions write them. */
const EventGlob = v.pipe(
  v.string(),
  v.regex(/^(\*|[a-z_]+)(\.[\w*-]+)*$/, 'a type of events, such as "app.*"'),
);

/** What of its events a host publishes to the fleet, where every member can read it. */
export const FleetEvents = v.strictObject({
  types: v.optional(v.array(EventGlob), ["*"]),
  /** Only events of these projects; `"*"` is every project, and what concerns none. */
  projects: v.optional(v.array(v.union([FilePath, v.literal("*")])), ["*"]),
});
export type FleetEvents = v.InferOutput<typeof FleetEvents>;

/** `[fleet]` of the user's own settings. A project has no say in it: it would lend the machine to others. */
export const FleetSettings = v.strictObject({
  /** The fleet's name. */
  name: FleetName,
  /** Its servers; any one of them is enough. */
  servers: v.pipe(
    v.array(v.pipe(v.string(), v.regex(SERVER, "an address such as tls://10.0.0.1:4222"))),
    v.minLength(1, "at least one server"),
  ),
  /** What this machine is called in the fleet. */
  host: FleetName,
  /** The file with this host's key: a NATS user seed, or a creds file. */
  creds: FilePath,
  /** The certificate by which the server is known; the system's by default. */
  ca: v.optional(FilePath),
  labels: v.optional(v.record(Label, Label), {}),
  /** What of its events it publishes. */
  events: v.optional(FleetEvents, {}),
  /** Sender's public key → what it may do here. */
  allow: v.optional(v.record(v.pipe(v.string(), v.regex(USER_KEY, "a sender's public key")), FleetGrant), {}),
});
export type FleetSettings = v.InferOutput<typeof FleetSettings>;
