import * as v from "valibot";

/**
 * The errors that a request can be answered with. The name is stable and for programs; the number is
 * JSON-RPC's where that has one (-32800 is the language server protocol's). The message is for people and may
 * change.
 */
export const ERROR_CODES = {
  /** The frame is not JSON. The connection is closed after it. */
  parse_error: -32700,
  /** The JSON is no message of the protocol, or a frame breaks a limit. */
  invalid_request: -32600,
  method_not_found: -32601,
  /** `data.path` names the field, `data.expected` says what it takes. */
  invalid_params: -32602,
  /** A fault in haft itself. */
  internal_error: -32603,
  /** Ended by `cancel`, or by the connection's end. */
  cancelled: -32800,
  /** The daemon is stopping and takes no new requests. */
  shutting_down: -32000,
  /** What the request names does not exist. */
  not_found: -32001,
  /** It ran, and failed; `data.next` may hold the next step. */
  failed: -32002,
  /** It did not end in the time that it had. */
  timed_out: -32003,
  /** A limit of the connection: too many requests in flight, or too many subscriptions. */
  too_many: -32004,
  /** The client's protocol range and the daemon's do not meet. */
  unsupported_protocol: -32005,
} as const;

export type ErrorName = keyof typeof ERROR_CODES;

/** The `error` of a response. */
export const WireError = v.object({
  code: v.number(),
  name: v.optional(v.string()),
  message: v.string(),
  data: v.optional(v.unknown()),
});
export type WireError = v.InferOutput<typeof WireError>;

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
