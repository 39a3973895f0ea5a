/**
 * ipckit's SocketServer: a length before each JSON text, `{msg_type, payload}`, answers in the order of the
 * requests. Its requests are the daemon's own methods; texts and binary data become events of the user's.
 */
import * as v from "valibot";
import { errorMessage } from "../base/errors.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import { ERROR_CODES, RequestError } from "../protocol/wire_error.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Daemon, Dialect, DialectPeer, DialectSession } from "./dialect.ts";

const IpckitMessage = v.variant("msg_type", [
  v.object({
    msg_type: v.literal("request"),
    payload: v.object({ method: v.string(), params: v.optional(v.unknown()) }),
  }),
  /** `{content}`, or any JSON: its `Message::json` is a text, too. */
  v.object({ msg_type: v.literal("text"), payload: v.unknown() }),
  /** base64 */
  v.object({ msg_type: v.literal("binary"), payload: v.object({ data: v.string() }) }),
  v.object({ msg_type: v.literal("ping"), payload: v.optional(v.unknown()) }),
  v.object({ msg_type: v.picklist(["pong", "response", "error"]), payload: v.optional(v.unknown()) }),
]);

export const ipckit: Dialect = {
  name: "ipckit",
  framing: "length",
  maxFrameBytes: LIMITS.frameCeiling,
  mayStaySilent: false,
  open: (peer, daemon) => new IpckitSession(peer, daemon),
  complaint: (message) => ({ msg_type: "error", payload: { code: ERROR_CODES.invalid_request, message } }),
};

class IpckitSession implements DialectSession {
  readonly #peer: DialectPeer;
  readonly #daemon: Daemon;

  constructor(peer: DialectPeer, daemon: Daemon) {
    this.#peer = peer;
    this.#daemon = daemon;
  }

  heard({ type: _, id: __, ...event }: DaemonEvent): void {
    this.#send("event", event);
  }

  async message(value: unknown): Promise<void> {
    const message = v.safeParse(IpckitMessage, value);
    if (!message.success) return this.#peer.send(ipckit.complaint("unknown message"));
    try {
      await this.#answer(message.output);
    } catch (error) {
      const code = error instanceof RequestError ? error.code : ERROR_CODES.failed;
      this.#send("error", { code, message: errorMessage(error) });
    }
  }

  async #answer(message: v.InferOutput<typeof IpckitMessage>): Promise<void> {
    switch (message.msg_type) {
      case "ping":
        return this.#send("pong", {});
      case "pong":
      case "response":
      case "error":
        // No request of ours. The peer would read an answer as that to its next request.
        return;
      case "request": {
        const { method, params } = message.payload;
        // Its own server answers "ping" by this name.
        const name = method === "ping" ? "daemon.ping" : method;
        return this.#send("response", { result: await this.#daemon.requestAny(name, params ?? {}) });
      }
      case "text":
        await this.#publish("user.ipckit.text", message.payload);
        return;
      case "binary":
        await this.#publish("user.ipckit.binary", message.payload);
        return;
    }
  }

  async #publish(type: string, data: unknown): Promise<void> {
    await this.#daemon.request("events.publish", { type, data });
  }

  #send(type: string, payload: unknown): void {
    this.#peer.send({ msg_type: type, payload });
  }
}
