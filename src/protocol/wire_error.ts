/** What an error of a request means, and what whoever reads it can do. */
interface ErrorKind {
  /** JSON-RPC's number where that has one; -32800 is the language server protocol's. */
  code: number;
  meaning: string;
  next: string;
}

/**
 * The errors that a request can be answered with. The name is stable and for programs; the message of an
 * error is for people and may change.
 */
export const ERRORS = {
  parse_error: {
    code: -32700,
    meaning: "The frame is not JSON. The connection is closed after it.",
    next: "Send one JSON object on each line, in UTF-8",
  },
  invalid_request: {
    code: -32600,
    meaning: "The JSON is no message of the protocol, or a frame breaks a limit.",
    next: "Compare it with the messages of protocol.md; `haft ipc-send` builds them",
  },
  method_not_found: {
    code: -32601,
    meaning: "The daemon has no such method.",
    next: "`haft ipc-send daemon.describe` has all; `haft daemon restart` brings those of a newer haft",
  },
  invalid_params: {
    code: -32602,
    meaning: "A parameter is missing or wrong: `data.path` names it, `data.expected` says what it takes.",
    next: "Correct the field that `data.path` names",
  },
  internal_error: {
    code: -32603,
    meaning: "A fault in haft itself.",
    next: "`haft daemon logs` has the details; please report them",
  },
  cancelled: {
    code: -32800,
    meaning: "The request was ended by `cancel`, or by the end of its connection.",
    next: "Send it again if you still want it",
  },
  shutting_down: {
    code: -32000,
    meaning: "The daemon is stopping and takes no new requests.",
    next: "Connect again; `haft daemon start` starts the next one",
  },
  not_found: {
    code: -32001,
    meaning: "What the request names does not exist.",
    next: "Check the name and `cwd`; `haft check` looks through the whole haft.toml",
  },
  failed: {
    code: -32002,
    meaning: "It ran, and failed. `data.next` may hold the next step.",
    next: "Read the message; do what `data.next` says",
  },
  timed_out: {
    code: -32003,
    meaning: "It did not end in the time that it had.",
    next: "Give it more time, or look at what it waits for: `haft app logs`, `haft task logs`",
  },
  too_many: {
    code: -32004,
    meaning: "A limit of the connection: too many requests in flight, or too many subscriptions.",
    next: "Wait for answers before you send more, or open another connection",
  },
  unsupported_protocol: {
    code: -32005,
    meaning: "The client's range of protocol versions and the daemon's do not meet.",
    next: "Update the older of the two; `haft daemon restart` after an update of haft",
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorName = keyof typeof ERRORS;

/** The numbers alone. */
export const ERROR_CODES = Object.fromEntries(
  Object.entries(ERRORS).map(([name, { code }]) => [name, code]),
) as { readonly [Name in ErrorName]: typeof ERRORS[Name]["code"] };

/** The `error` of a response. */
export interface WireError {
  code: number;
  name?: string | undefined;
  message: string;
  data?: unknown;
}

/** Thrown by a method to answer with this error; and by the client when the daemon answered with one. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly errorName: ErrorName;
  readonly code: number;
  readonly data: unknown;

  constructor(name: ErrorName, message: string, options: { data?: unknown; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.errorName = name;
    this.code = ERROR_CODES[name];
    this.data = options.data;
  }

  /** The error as it came over the wire; a name that this haft does not know is taken for a failure. */
  static from(
    { name, message, data }: { name?: string | undefined; message: string; data?: unknown },
  ): RequestError {
    const known = name !== undefined && Object.hasOwn(ERROR_CODES, name) ? name as ErrorName : "failed";
    return new RequestError(known, message, { data });
  }
}
