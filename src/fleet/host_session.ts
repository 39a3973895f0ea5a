/**
 * One sender's session on this host: an ordinary client of the daemon, in memory, behind a door. What comes
 * in was verified, and passes when it is granted; what goes out is only of projects that are.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { errorMessage } from "../base/errors.ts";
import { AnswerAssembler } from "../channel/answer_assembler.ts";
import { PartedAnswer } from "../channel/parted_answer.ts";
import { StreamChannel } from "../channel/stream_channel.ts";
import type { Message } from "../protocol/envelope.ts";
import { isMessage } from "../protocol/is_message.ts";
import { PARTS } from "../protocol/protocol_range.ts";
import { ERROR_CODES, RequestError } from "../protocol/wire_error.ts";
import { memoryPair } from "../socket/memory_pair.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { FleetGrant } from "../tools/manifest/fleet_settings.ts";
import { type AccessFacts, atHome, authorize, isGranted, requireNoCopy } from "./access.ts";
import { encodeText, type Reply, type SignedPart, type SignedRequest } from "./signed_request.ts";

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
/** What a reply has around a message: `{"s":,"challenge":"","message":}`, a number and a challenge. */
const AROUND_MESSAGE = 128;
/** The daemon's parts go on as they are to a server that takes messages of this size. */
const TAKES_ANY_PART = 256 * 1024;

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
  /** Answers in parts are put together here where not all of what they say may leave. */
  readonly #assembler = new AnswerAssembler();
  #takesParts = false;
  /** The pieces that have come of a large message. */
  #parts: string[] = [];
  #partsLength = 0;
  /** What is to go out next, in this order. */
  readonly #leaving: (Message | PartedAnswer)[] = [];

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

  /**
   * Takes a piece of a message that is too large for one of the server's.
   *
   * @param method what the subject, which is signed, says of all of it
   */
  receivePart(
    { n, at, part, last }: SignedPart,
    { method, methodOf }: { method: string; methodOf(message: Message): string },
  ): void {
    if (this.#closed) return;
    this.#parts.push(part);
    this.#partsLength += part.length;
    if (this.#partsLength > this.#options.maxFrameBytes) {
      return this.end("A request is larger than the daemon takes");
    }
    if (!last) {
      if (n !== this.#received) return this.end("Requests were lost on their way, or came again");
      this.#received++;
      this.#heardAt = performance.now();
      return;
    }
    const message = parseMessage(this.#parts.join(""));
    this.#parts = [];
    this.#partsLength = 0;
    if (message === undefined || methodOf(message) !== method) {
      return this.end("A request is not what its subject says");
    }
    this.receive({ n, at, message });
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

  async #pass(asSent: Message): Promise<void> {
    const { grant, facts, name } = this.#options;
    const message = { ...asSent, data: atHome(asSent.data, facts.home) };
    try {
      if (message.type === "request") {
        await authorize(message, grant, facts);
        await requireNoCopy(message, facts);
      } else if (message.type !== "pong") {
        throw new RequestError("invalid_request", "Only requests are taken");
      }
    } catch (error) {
      return this.#fail(message.id, error);
    }
    if (this.#closed) return;
    let { data } = message;
    if (message.method === "hello" && typeof data === "object" && data !== null) {
      this.#takesParts = "capabilities" in data && Array.isArray(data.capabilities) &&
        data.capabilities.includes(PARTS);
      // The name that a sender gives itself is not one to trust.
      data = { ...data, client: name };
    }
    await this.#channel.send({ ...message, data }).catch((error) => this.#fail(message.id, error));
  }

  #upkeep(data: unknown): void {
    if (typeof data !== "object" || data === null) return;
    if ("bye" in data) return this.end("The sender left");
    if (!("taken" in data) || typeof data.taken !== "number") return;
    this.#unread = Math.max(0, this.#unread - Math.max(0, data.taken));
    if (!this.#held || this.#unread > MOST_UNREAD / 2) return;
    this.#held = false;
    this.#sendOn();
    if (!this.#held) this.#socket.resume();
  }

  #answer(message: Message): void {
    if (this.#closed || !this.#mayLeave(message)) return;
    try {
      const whole = this.#whole(message);
      if (whole === undefined) return;
      this.#leaving.push(this.#inParts(this.#withoutOthers(whole)));
    } catch (error) {
      return this.#fail(message.id, error);
    }
    if (!this.#held) this.#sendOn();
  }

  /** Sends until the sender has enough to read. */
  #sendOn(): void {
    for (let next = this.#leaving[0]; next !== undefined; next = this.#leaving[0]) {
      if (this.#unread > MOST_UNREAD) {
        // The daemon sees a client that does not read, and tells it later what it missed.
        this.#held = true;
        return this.#socket.pause();
      }
      const message = next instanceof PartedAnswer ? next.next() : next;
      if (!(next instanceof PartedAnswer) || next.ended) this.#leaving.shift();
      const first = this.#sent === 0 ? { challenge: this.challenge } : {};
      this.#send({ ...first, message });
    }
  }

  /** @returns undefined for a part of an answer that is to be looked at as a whole */
  #whole(message: Message): Message | undefined {
    const { type, id, parts } = message;
    const asTheyAre = this.#seesAll && this.#options.maxPayload >= TAKES_ANY_PART;
    if (id === undefined || asTheyAre) return message;
    if (type === "part") return void this.#assembler.add(id, message);
    if (parts !== undefined) return { type, id, data: this.#assembler.finish(id, parts) };
    this.#assembler.drop(id);
    return message;
  }

  /** An answer that is larger than a message of the fleet's server may be, or was put together here. */
  #inParts(message: Message): Message | PartedAnswer {
    const { type, id, data } = message;
    if (!this.#takesParts || type !== "response" || id === undefined || data === undefined) return message;
    const maxFrameBytes = this.#options.maxPayload - AROUND_MESSAGE;
    const text = JSON.stringify(data);
    return Buffer.byteLength(text) + AROUND_MESSAGE <= maxFrameBytes
      ? message
      : new PartedAnswer(id, text, { maxFrameBytes });
  }

  /** Whether every project is granted. */
  get #seesAll(): boolean {
    return this.#options.grant.projects.includes("*");
  }

  /** An event of the stream leaves when its project is granted. */
  #mayLeave({ type, seq, data }: Message): boolean {
    const { grant } = this.#options;
    if (type !== "event" || seq === undefined || this.#seesAll) return true;
    return typeof data === "object" && data !== null && "root" in data && typeof data.root === "string" &&
      isGranted(data.root, grant);
  }

  /** The answer to a subscription without the state of projects that are not granted. */
  #withoutOthers(message: Message): Message {
    const { grant } = this.#options;
    const { type, data } = message;
    if (type !== "response" || this.#seesAll) return message;
    // No other method's answer has a snapshot. Ids would not tell, because a sender may use one twice.
    if (typeof data !== "object" || data === null || !("snapshot" in data)) return message;
    const granted = new Map<string, boolean>();
    const mayLeave = ({ root }: { root?: unknown }) => {
      if (typeof root !== "string") return false;
      // Looking costs system calls, and there can be thousands of apps of one project.
      const known = granted.get(root) ?? isGranted(root, grant);
      granted.set(root, known);
      return known;
    };
    const snapshot: Record<string, unknown> = {};
    for (const [name, state] of Object.entries(data.snapshot ?? {})) {
      if (Array.isArray(state)) snapshot[name] = state.filter(mayLeave);
    }
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

function parseMessage(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
