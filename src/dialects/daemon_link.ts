/**
 * A dialect's connection as a client of the daemon in the same process. The daemon takes it for a socket:
 * what it writes is read as it is, and a request is handed to it as one line. Most peers wait most of the
 * time, so that what only a request needs is made for it.
 */
import { Buffer } from "node:buffer";
import { AnswerAssembler } from "../channel/answer_assembler.ts";
import { Disconnected, Serialization } from "../channel/errors.ts";
import type { Message } from "../channel/ipc_channel.ts";
import {
  PendingRequests,
  type Request,
  type Requester,
  requestMessage,
  type RequestOptions,
} from "../channel/pending_requests.ts";
import { ACCEPTED } from "../channel/waiting_sends.ts";
import { errorMessage } from "../base/errors.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import { LONG_METHODS } from "../protocol/methods/long_methods.ts";
import type { MethodName, Params, Result } from "../protocol/methods/mod.ts";
import { PARTS, PROTOCOL_RANGE } from "../protocol/protocol_range.ts";
import { scanJson } from "../socket/framing/json_text.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";

/** The connection whose link it is. */
export interface LinkOwner {
  /** An event of the stream, or a notice. Never throws: what follows it would be lost. */
  heard(event: DaemonEvent): void;
  /** The daemon has closed, or {@link DaemonLink.leave} was called. */
  linkClosed(): void;
}

export interface LinkOptions {
  /** Takes a connection as if a client had connected. */
  accept: (socket: Socket) => SocketHandler;
  /** How the client calls itself, and haft's version. */
  client: string;
  version: string;
  /** Bytes of the longest message that the daemon takes. */
  maxFrameBytes: number;
}

const HELLO_TIMEOUT_MS = 5_000;

export class DaemonLink implements Socket, Requester {
  /** The client's id, as the daemon has it. */
  clientId = "";
  readonly #owner: LinkOwner;
  readonly #name: string;
  readonly #maxFrameBytes: number;
  readonly #daemon: SocketHandler | undefined;
  /** While some have no answer. */
  #requests: PendingRequests | undefined;
  #assembler: AnswerAssembler | undefined;
  #nextId = 1;
  /** What the daemon has written and the peer not been given. */
  #held: Uint8Array | undefined;
  #isHolding = false;
  /** Requests that wait, while the daemon does not read. */
  #unread: Buffer[] | undefined;
  #paused = false;
  #inputEnds = false;
  #state: "open" | "closing" | "closed" = "open";

  constructor(owner: LinkOwner, { accept, client, maxFrameBytes }: LinkOptions) {
    this.#owner = owner;
    this.#name = client;
    this.#maxFrameBytes = maxFrameBytes;
    this.#daemon = accept(this);
    // Closed before there was a handler to tell.
    if (this.#state !== "open") this.#daemon.close(undefined);
  }

  /** @throws {RequestError} when the daemon takes no more clients */
  async hello({ client, version }: LinkOptions): Promise<void> {
    const hello = { client, version, protocol: PROTOCOL_RANGE, capabilities: [PARTS] };
    const ack = await this.request("hello", hello, { timeoutMs: HELLO_TIMEOUT_MS });
    this.clientId = ack.client_id;
  }

  /** As {@link DaemonClient.request}. */
  request<M extends MethodName>(method: M, params: Params<M>, options?: RequestOptions): Promise<Result<M>> {
    // The daemon's handlers are typed from the same table.
    return this.requestAny(method, params, options) as Promise<Result<M>>;
  }

  /** As {@link DaemonClient.requestAny}. */
  requestAny(method: string, params: unknown, options: RequestOptions = {}): Promise<unknown> {
    this.#requests ??= new PendingRequests(this, this.#nextId);
    this.#assembler ??= new AnswerAssembler();
    const timeoutMs = options.timeoutMs ?? (LONG_METHODS.has(method) ? Infinity : undefined);
    return this.#requests.ask(method, params, { ...options, timeoutMs, assembler: this.#assembler });
  }

  /**
   * Gives the peer nothing more until {@link DaemonLink.release}: the daemon sees a client that does not
   * read.
   */
  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    queueMicrotask(() => this.#deliver());
  }

  /** The peer sends nothing more. */
  endInput(): void {
    this.#inputEnds = true;
    // After the requests that wait.
    if (this.#unread === undefined) this.#daemon?.end?.();
  }

  leave(): void {
    if (this.#state === "open") this.#daemon?.close(undefined);
    this.#finish();
  }

  // The daemon's side: see Socket.

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    this.#held = bytes;
    queueMicrotask(() => this.#deliver());
    return false;
  }

  pause(): void {
    this.#paused = true;
    this.#unread ??= [];
  }

  resume(): void {
    this.#paused = false;
    queueMicrotask(() => this.#handUnread());
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#daemon?.close(undefined);
    queueMicrotask(() => this.#deliver());
  }

  peerUid(): undefined {
    return undefined;
  }

  // The requests' side: see Requester.

  ask(request: Request): Promise<void> {
    return this.#write(requestMessage(request));
  }

  #write(message: Message): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
    try {
      if (bytes.length - 1 > this.#maxFrameBytes) {
        throw new RangeError(
          `message of ${bytes.length - 1} bytes; at most ${this.#maxFrameBytes} are allowed`,
        );
      }
      scanJson(bytes, 0, bytes.length);
    } catch (error) {
      const text = `Cannot send on channel "${this.#name}": ${errorMessage(error)}`;
      return Promise.reject(new Serialization(text, { cause: error }));
    }
    this.#hand(bytes);
    return ACCEPTED;
  }

  async send(message: Message): Promise<void> {
    await this.#write(message);
  }

  refuseLate(): void {
    if (this.#state !== "open") throw this.#gone();
  }

  begin(): Disposable {
    return {
      [Symbol.dispose]: () => {
        const ended = this.#requests;
        this.#requests = undefined;
        this.#assembler = undefined;
        if (ended === undefined) return;
        this.#nextId = ended.nextId;
        ended.stopTimer();
      },
    };
  }

  answered(): void {}

  #hand(line: Buffer): void {
    if (this.#unread !== undefined) this.#unread.push(line);
    else if (this.#state === "open") this.#daemon?.data(line);
  }

  #handUnread(): void {
    const lines = this.#unread;
    if (lines === undefined || this.#paused) return;
    this.#unread = undefined;
    for (const line of lines) this.#hand(line);
    // The daemon may have paused again.
    if (this.#inputEnds && this.#unread === undefined) this.#daemon?.end?.();
  }

  #deliver(): void {
    if (this.#state === "closed" || this.#isHolding) return;
    const bytes = this.#held;
    if (bytes !== undefined) {
      this.#held = undefined;
      // The daemon writes whole lines.
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
      for (const line of text.split("\n")) if (line !== "") this.#read(JSON.parse(line));
    }
    if (this.#state === "closing") this.#finish();
    else if (bytes !== undefined) this.#daemon?.drain();
  }

  #read(message: Message): void {
    if (this.#settle(message)) return;
    if (message.type === "ping") {
      this.#hand(Buffer.from(`{"type":"pong","id":${JSON.stringify(message.id)}}\n`));
    } else if (isEvent(message)) this.#owner.heard(message);
  }

  /** An answer that cannot be read is its own request's failure alone. */
  #settle(message: Message): boolean {
    const requests = this.#requests;
    try {
      return requests?.settle(message) === true;
    } catch (error) {
      requests?.fail(message.id, error);
      return true;
    }
  }

  #finish(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#held = undefined;
    this.#requests?.failAll(this.#gone());
    this.#owner.linkClosed();
  }

  #gone(): Disconnected {
    return new Disconnected(`Peer of channel "${this.#name}" closed the connection`);
  }
}

/** The daemon publishes nothing but what its own table of events says. */
function isEvent(message: Message): message is DaemonEvent {
  return message.type === "event" && message.event !== undefined;
}
