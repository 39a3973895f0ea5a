/**
 * AuroraView's channel mode: a helper connects, says how far it is and what came of it as lines of JSON, and
 * goes. What it says becomes events of the user's: `user.auroraview.progress`, `.result`, `.event` with the
 * event's own name, and `.message` for any other JSON, which AuroraView hands on as it is, too.
 */
import * as v from "valibot";
import { errorMessage } from "../base/errors.ts";
import type { DaemonClient } from "../client/daemon_client.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Dialect, DialectPeer, DialectSession } from "./dialect.ts";

const Body = v.variant("type", [
  v.looseObject({ type: v.literal("progress"), value: v.number() }),
  v.looseObject({ type: v.literal("result"), success: v.optional(v.boolean()) }),
  v.looseObject({ type: v.literal("event"), event: v.string() }),
]);

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
  readonly #daemon: DaemonClient;

  constructor(peer: DialectPeer, daemon: DaemonClient) {
    this.#peer = peer;
    this.#daemon = daemon;
  }

  async message(value: unknown): Promise<void> {
    try {
      await this.#daemon.request("events.publish", eventOf(value));
    } catch (error) {
      this.#peer.send(auroraview.complaint(errorMessage(error)));
    }
  }
}

/** The event that a line becomes. */
function eventOf(line: unknown): { type: string; data: unknown } {
  const body = v.safeParse(Body, line);
  if (!body.success) return { type: "user.auroraview.message", data: line };
  const { type, ...data } = body.output;
  return { type: `user.auroraview.${type}`, data };
}
