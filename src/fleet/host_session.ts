/**
 * One sender's session on this host: an ordinary client of the daemon, in memory, behind a door. What comes
 * in was verified, and passes when it is granted; what goes out is only of projects that are.
 */
import { randomBytes } from "node:crypto";
import { errorMessage } from "../base/errors.ts";
import { StreamChannel } from "../channel/stream_channel.ts";
import type { Message } from "../protocol/envelope.ts";
import { ERROR_CODES, RequestError } from "../protocol/wire_error.ts";
import { memoryPair } from "../socket/memory_pair.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { FleetGrant } from "../tools/manifest/fleet_settings.ts";
import { type AccessFacts, authorize, isGranted } from "./access.ts";
import { encodeText, type Reply, type SignedRequest } from "./signed_request.ts";

export interface HostSessionOptions {
  /** How the daemon's list of clients calls it. */
  name: string;
  grant: FleetGrant;
  facts: AccessFacts;
  /** Takes a connection as if a client had connected. */
  accept(socket: Socket): SocketHandler;
  maxFrameBytes: number;
  /** Bytes of the longest message that the fleet's server passes on. */
  maxPayload: number;
  publish(bytes: Uint8Array): void;
  onClose(): void;
}

/** A request that was on its way for longer is not carried out. */
const OLDEST_MS = 60_000;
/** A sender that says nothing for so long is gone. */
const SILENT_MS = 30_000;
/** Bytes on their way above which the daemon's messages wait. */
const MOST_UNREAD = 1024 * 1024;

export class HostSession {
  /** What the sender's further signatures have to hold. */
  readonly challenge: string = randomBytes(16).toString("hex");
  readonly #options: HostSessionOptions;
  readonly #channel: StreamChannel;
  readonly #socket: Socket;
  readonly #openedAt = performance.now();
  #heardAt = performance.now();
  #received = 0;
  #sent = 0;
  #unread = 0;
  #held = false;
  #closed = false;
  /** Requests are looked at in the order in which they came. */
  #turn: Promise<void> = Promise.resolve();
  /** Requests for subscriptions that wait for their answer. */
  readonly #subscribing = new Set<string>();

  constructor(options: HostSessionOptions) {
    this.#options = options;
    let channel: StreamChannel | undefined;
    const [socket] = memoryPair((left) => {
      const { name, maxFrameBytes } = options;
      channel = new StreamChannel({ name, socket: left, framing: "length" }, { maxFrameBytes });
      return channel.handler;
    }, options.accept);
    if (channel === undefined) throw new Error("The pair of sockets was not joined");
    this.#channel = channel;
    this.#socket = socket;
    channel.onMessage((message) => this.#answer(message));
    void channel.closed.then(() => this.end("The daemon closed the connection"));
  }

  receive({ n, at, message }: SignedRequest): void {
    if (this.#closed) return;
    if (n !== this.#received) return this.end("Requests were lost on their way, or came again");
    this.#received++;
    this.#heardAt = performance.now();
    if (message.type === "data") return this.#upkeep(message.data);
    if (message.type === "ping") return this.#send({ message: { type: "pong", id: message.id } });
    if (this.#heardAt - this.#openedAt - at > OLDEST_MS) {
      return this.#fail(message.id, new RequestError("timed_out", "The request was on its way for too long"));
    }
    this.#turn = this.#turn.then(() => this.#pass(message));
  }

  /** Looks at the clock. `now` is `performance.now()`. */
  checkTimes(now: number): void {
    if (now - this.#heardAt > SILENT_MS) this.end("The sender is silent");
  }

  /** Ends it on both sides. What the sender waits for in the daemon is cancelled. */
  end(reason: string): void {
    if (this.#closed) return;
    this.#send({ closed: reason });
    this.#closed = true;
    this.#socket.resume();
    void this.#channel.close();
    this.#options.onClose();
  }

  async #pass(message: Message): Promise<void> {
    const { grant, facts, name } = this.#options;
    try {
      if (message.type === "request") await authorize(message, grant, facts);
      else if (message.type !== "pong") throw new RequestError("invalid_request", "Only requests are taken");
    } catch (error) {
      return this.#fail(message.id, error);
    }
    if (this.#closed) return;
    if (message.method === "events.subscribe" && message.id !== undefined) this.#subscribing.add(message.id);
    // The name that a sender gives itself is not one to trust.
    const data = message.method === "hello" && typeof message.data === "object"
      ? { ...message.data, client: name }
      : message.data;
    await this.#channel.send({ ...message, data }).catch(() => {});
  }

  #upkeep(data: unknown): void {
    if (typeof data !== "object" || data === null) return;
    if ("bye" in data) return this.end("The sender left");
    if (!("taken" in data) || typeof data.taken !== "number") return;
    this.#unread = Math.max(0, this.#unread - Math.max(0, data.taken));
    if (!this.#held || this.#unread > MOST_UNREAD / 2) return;
    this.#held = false;
    this.#socket.resume();
  }

  #answer(message: Message): void {
    if (this.#closed || !this.#mayLeave(message)) return;
    const first = this.#sent === 0 ? { challenge: this.challenge } : {};
    this.#send({ ...first, message: this.#withoutOthers(message) });
    if (this.#unread <= MOST_UNREAD || this.#held) return;
    // The daemon sees a client that does not read, and tells it later what it missed.
    this.#held = true;
    this.#socket.pause();
  }

  /** An event of the stream leaves when its project is granted. */
  #mayLeave({ type, seq, data }: Message): boolean {
    const { grant } = this.#options;
    if (type !== "event" || seq === undefined || grant.projects.includes("*")) return true;
    return typeof data === "object" && data !== null && "root" in data && typeof data.root === "string" &&
      isGranted(data.root, grant);
  }

  /** The answer to a subscription without the state of projects that are not granted. */
  #withoutOthers(message: Message): Message {
    const { grant } = this.#options;
    const { id, data } = message;
    if (message.type !== "response" || id === undefined || !this.#subscribing.delete(id)) return message;
    if (grant.projects.includes("*") || typeof data !== "object" || data === null || !("snapshot" in data)) {
      return message;
    }
    const entries = typeof data.snapshot === "object" && data.snapshot !== null
      ? Object.entries(data.snapshot)
      : [];
    const snapshot = Object.fromEntries(
      entries.filter(([, state]) => Array.isArray(state)).map(([name, state]) => [
        name,
        state.filter((one: { root?: unknown }) => typeof one.root === "string" && isGranted(one.root, grant)),
      ]),
    );
    return { ...message, data: { ...data, snapshot } };
  }

  #fail(id: string | undefined, error: unknown): void {
    if (id === undefined) return;
    const { errorName, message, data } = error instanceof RequestError
      ? error
      : new RequestError("failed", errorMessage(error));
    this.#send({
      message: {
        type: "response",
        id,
        error: { code: ERROR_CODES[errorName], name: errorName, message, data },
      },
    });
  }

  #send(reply: Omit<Reply, "s">): void {
    if (this.#closed) return;
    const { maxPayload, publish } = this.#options;
    const bytes = encodeText({ s: this.#sent + 1, ...reply });
    if (bytes.length > maxPayload) return this.#tooLarge(reply.message, bytes.length);
    this.#sent++;
    this.#unread += bytes.length;
    publish(bytes);
  }

  #tooLarge(message: Message | undefined, bytes: number): void {
    const { maxPayload } = this.#options;
    if (message?.type !== "response" || message.id === undefined) {
      return this.#send({ message: { type: "event", event: "relay.lagged", data: { dropped: 1 } } });
    }
    this.#fail(
      message.id,
      new RequestError(
        "failed",
        `The answer has ${bytes} bytes, and the fleet's server passes on ${maxPayload}`,
        {
          data: { next: "Ask for less, such as fewer lines" },
        },
      ),
    );
  }
}
