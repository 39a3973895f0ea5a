/**
 * AuroraView's channel mode: a helper connects, says how far it is and what came of it as lines of JSON, and
 * goes. What it says becomes events of the user's: `user.auroraview.progress`, `.result`, `.event` with the
 * event's own name, and `.message` for any other JSON, which AuroraView hands on as it is, too.
 *
 * Requests and pings are those of RFC 0011's envelope, which is the native one: every native method can be
 * called, and subscribed events come as they do there. The packed mode's `{id, method, params}` is answered
 * in its own form.
 */
import * as v from "valibot";
import { errorMessage } from "../base/errors.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import { ERROR_CODES, RequestError, type WireError } from "../protocol/wire_error.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Daemon, Dialect, DialectPeer, DialectSession } from "./dialect.ts";

const Body = v.variant("type", [
  v.looseObject({ type: v.literal("progress"), value: v.number() }),
  v.looseObject({ type: v.literal("result"), success: v.optional(v.boolean()) }),
  v.looseObject({ type: v.literal("event"), event: v.string() }),
]);

const Id = v.union([v.string(), v.number()]);

const Request = v.object({
  type: v.literal("request"),
  id: v.optional(Id),
  method: v.string(),
  data: v.optional(v.unknown()),
  params: v.optional(v.unknown()),
  oneway: v.optional(v.boolean(), false),
});

const PackedRequest = v.object({ id: Id, method: v.string(), params: v.optional(v.unknown()) });

const Ping = v.object({ type: v.literal("ping"), id: v.optional(Id) });

export const auroraview: Dialect = {
  name: "auroraview",
  framing: "lines",
  maxFrameBytes: LIMITS.frame,
  mayStaySilent: false,
  open: (peer, daemon) => new AuroraViewSession(peer, daemon),
  complaint: (message) => ({ type: "result", success: false, error: message }),
};

class AuroraViewSession implements DialectSession {
  readonly #peer: DialectPeer;
  readonly #daemon: Daemon;

  constructor(peer: DialectPeer, daemon: Daemon) {
    this.#peer = peer;
    this.#daemon = daemon;
  }

  heard(event: DaemonEvent): void {
    this.#peer.send(event);
  }

  async message(value: unknown): Promise<void> {
    if (v.is(Ping, value)) return this.#peer.send({ ...value, type: "pong" });
    // Not waited for: answers carry their request's id, and a slow one keeps no other waiting.
    const request = v.safeParse(Request, value);
    if (request.success) return void this.#answer(request.output);
    if (v.is(PackedRequest, value) && !Object.hasOwn(value, "type")) return void this.#answerPacked(value);
    try {
      await this.#daemon.request("events.publish", eventOf(value));
    } catch (error) {
      this.#peer.send(auroraview.complaint(errorMessage(error)));
    }
  }

  async #answer({ id, method, data, params, oneway }: v.InferOutput<typeof Request>): Promise<void> {
    try {
      const result = await this.#daemon.requestAny(method, data ?? params ?? {});
      if (!oneway) this.#peer.send({ type: "response", id, data: result });
    } catch (error) {
      if (!oneway) this.#peer.send({ type: "response", id, error: toWireError(error) });
    }
  }

  async #answerPacked({ id, method, params }: v.InferOutput<typeof PackedRequest>): Promise<void> {
    try {
      this.#peer.send({ id, ok: true, result: await this.#daemon.requestAny(method, params ?? {}) });
    } catch (error) {
      const { name, message } = toWireError(error);
      this.#peer.send({ id, ok: false, error: { name, message } });
    }
  }
}

function toWireError(error: unknown): WireError {
  const { errorName: name, data } = error instanceof RequestError
    ? error
    : { errorName: "failed", data: undefined };
  const code = error instanceof RequestError ? error.code : ERROR_CODES.failed;
  return { code, name, message: errorMessage(error), ...(data === undefined ? {} : { data }) };
}

/** The event that a line becomes. */
function eventOf(line: unknown): { type: string; data: unknown } {
  const body = v.safeParse(Body, line);
  if (!body.success) return { type: "user.auroraview.message", data: line };
  const { type, ...data } = body.output;
  return { type: `user.auroraview.${type}`, data };
}
