import type { Buffer } from "node:buffer";
import { clearTimeout, setTimeout } from "node:timers";
import { errorCode, errorMessage } from "../base/errors.ts";
import type { Message } from "../protocol/envelope.ts";
import { FrameDecoder } from "../socket/framing/frame_decoder.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { FrameWriter } from "../socket/framing/frame_writer.ts";
import { type Framing, preamble } from "../socket/framing/framing.ts";
import { decodeJson, scanJson } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import { BaseChannel } from "./base_channel.ts";
import { BusyPoll } from "./busy_poll.ts";
import { Deadline } from "./deadline.ts";
import { ChannelError, Disconnected, Io, ReceiveFailed, Serialization, ShuttingDown } from "./errors.ts";
import { type Request, requestMessage } from "./pending_requests.ts";
import { dataText, parseMessage, readData } from "./message_text.ts";
import { Outbox } from "./outbox.ts";
import { IN_ANSWER, plainAnswerData, plainAnswerId } from "./plain_answer.ts";
import { readPlainPart } from "./plain_part.ts";
import { requestEnvelope } from "./plain_request.ts";
import type { ShutdownState } from "./shutdown_state.ts";
import { ACCEPTED } from "./waiting_sends.ts";

export interface StreamChannelOptions {
  /** Bytes of one frame, each way; 1 MiB by default, at most 16 MiB − 1. */
  maxFrameBytes?: number;
  /** Milliseconds from the first to the last byte of a frame from the peer; 10 s by default. */
  frameTimeoutMs?: number;
  /** Milliseconds without progress of queued output after which the peer counts as gone; never by default. */
  drainTimeoutMs?: number;
  /** Shared by channels that are to end together; each has its own by default. */
  shutdownState?: ShutdownState;
}

interface Setup {
  name: string;
  socket: Socket;
  /** The side that connects chooses and says so; the side that accepts reads it from the first bytes. */
  framing?: Framing;
  /** Called when the framing is known and the channel can be used. */
  onReady?: (channel: StreamChannel) => void;
  onClosed?: (channel: StreamChannel) => void;
}

/** The codes of JSON-RPC, which clients know: the text was not JSON; it was, and not what is allowed. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
/**
 * What a write or a read on a connection says whose other end is gone; `EOF` is how Windows says it of a
 * write to a pipe.
 */
const GONE = new Set([undefined, "EPIPE", "ECONNRESET", "ENOTCONN", "ECONNABORTED", "EOF"]);

/** A channel over any connected {@link Socket}. */
export class StreamChannel extends BaseChannel {
  readonly closed: Promise<void>;
  /** What the socket calls. */
  readonly handler: SocketHandler = {
    data: (chunk) => this.#receive(chunk),
    drain: () => this.#writer?.drained(),
    close: (error) => this.#finish(this.#gone(error)),
  };
  readonly #setup: Setup;
  readonly #options: StreamChannelOptions;
  readonly #decoder: FrameDecoder;
  readonly #frameDeadline: Deadline;
  readonly #drainDeadline: Deadline;
  #writer: FrameWriter | undefined;
  #outbox: Outbox | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #paused = false;
  /** When the last chunk came, by `performance.now()`. */
  #heardAt = 0;
  #writes = 0;
  readonly #busyPoll = new BusyPoll();
  readonly #poll: ((ms: number) => boolean) | undefined;
  #closeReason: ChannelError | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #resolveClosed: () => void = () => {};

  constructor(setup: Setup, options: StreamChannelOptions = {}) {
    const { name, framing } = setup;
    const { shutdownState } = options;
    super({ name, kind: "socket", onTaken: () => this.#readOn(), shutdownState });
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#setup = setup;
    this.#poll = setup.socket.pollInput?.bind(setup.socket);
    this.#options = options;
    this.#decoder = new FrameDecoder({ ...limitOf(options), ...(framing === undefined ? {} : { framing }) });
    this.#frameDeadline = new Deadline(
      options.frameTimeoutMs ?? LIMITS.frameTimeout,
      () => this.#finish(new Disconnected(`Peer of channel "${name}" began a message and did not end it`)),
    );
    this.#drainDeadline = new Deadline(
      options.drainTimeoutMs ?? Infinity,
      () => this.#finish(new Disconnected(`Peer of channel "${name}" does not read (slow consumer)`)),
    );
    if (framing !== undefined) this.#openWriter(framing).pushRaw(preamble(framing));
  }

  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#outbox?.queuedBytes ?? 0;
  }

  protected override transmit(message: Message, signal: AbortSignal | undefined): Promise<void> {
    return this.#transmit(message, signal, pushMessage);
  }

  protected override transmitRequest(request: Request, signal: AbortSignal | undefined): Promise<void> {
    return this.#transmit(request, signal, pushRequest);
  }

  protected override transmitData(data: unknown, signal: AbortSignal | undefined): Promise<void> {
    return this.#transmit(data, signal, pushData);
  }

  #transmit<T>(message: T, signal: AbortSignal | undefined, push: Push<T>): Promise<void> {
    if (this.#state !== "open" || this.#outbox === undefined) return Promise.reject(this.#sendRefusal());
    try {
      const waiting = push(this.#outbox, message, signal);
      if (waiting !== undefined) this.figures.queued(this.#outbox.queuedBytes);
      return waiting ?? ACCEPTED;
    } catch (error) {
      return Promise.reject(this.#sendError(error));
    }
  }

  async close(): Promise<void> {
    this.#beginClose(new Disconnected(`Channel "${this.name}" was closed by this side`));
    await this.closed;
  }

  #receive(chunk: Buffer): void {
    if (this.#state !== "open") return;
    this.figures.bytesReceived += chunk.length;
    this.#heardAt = performance.now();
    this.#busyPoll.heard(this.#heardAt);
    let failure: { error: unknown } | undefined;
    try {
      this.#decoder.push(chunk, this.#onFrame);
    } catch (error) {
      failure = { error };
    }
    const { framing, partial, frames } = this.#decoder;
    if (this.#outbox === undefined && framing !== undefined && this.#isOpen()) {
      this.#openWriter(framing);
      // Also when the first bytes are wrong: the accepting side must hear of it.
      this.#setup.onReady?.(this);
    }
    if (failure !== undefined) return this.#refuse(failure.error);
    if (!this.#isOpen()) return;
    if (this.inbox.length >= LIMITS.unreadMessages || this.inbox.size >= LIMITS.unreadBytes) {
      // The rest of a frame that is waiting in the kernel is not the peer's delay.
      this.#frameDeadline.stop();
      this.#paused = true;
      this.#setup.socket.pause();
    } else if (partial) this.#frameDeadline.watch(frames);
    else this.#frameDeadline.stop();
  }

  readonly #onFrame = (bytes: Buffer, start: number, end: number): void => {
    const message = readData(bytes, start, end);
    if (message !== undefined) return this.deliver(message, end - start);
    if (this.#isPlainAnswer(bytes, start, end)) return;
    const other = readPlainPart(bytes, start, end) ??
      parseMessage(bytes, start, end, scanJson(bytes, start, end));
    this.deliver(other, end - start);
  };

  #isPlainAnswer(bytes: Buffer, start: number, end: number): boolean {
    const from = plainAnswerData(bytes, start, end);
    if (from === -1) return false;
    let data: unknown;
    try {
      data = decodeJson(bytes, from, end - 1, IN_ANSWER);
    } catch {
      // It has further members, or is not allowed, which reading all of it tells.
      return false;
    }
    return this.deliverAnswer(plainAnswerId(bytes, start, from), data, this.#heardAt);
  }

  #readOn(): void {
    if (!this.#paused || this.#state !== "open") return;
    if (this.inbox.length > LIMITS.unreadMessages / 2 || this.inbox.size > LIMITS.unreadBytes / 2) return;
    this.#paused = false;
    this.#setup.socket.resume();
  }

  #openWriter(framing: Framing): FrameWriter {
    const writer = new FrameWriter({
      framing,
      ...limitOf(this.#options),
      gathers: true,
      write: (bytes) => {
        this.#writes++;
        this.figures.bytesSent += bytes.length;
        const taken = this.#setup.socket.write(bytes);
        if (taken) this.#lookForAnswer();
        return taken;
      },
      onTaken: () => this.#onTaken(),
      onBlocked: () => this.#drainDeadline.watch(this.#writes),
    });
    this.#writer = writer;
    this.#outbox = new Outbox(writer, this.name);
    return writer;
  }

  /** While many are in flight, there is something to do before the next answer. */
  #lookForAnswer(): void {
    if (this.#poll === undefined || this.requestsInFlight !== 1) return;
    this.#busyPoll.asked(performance.now(), this.#poll);
  }

  #onTaken(): void {
    this.#outbox?.admit();
    if (this.#writer?.blocked) this.#drainDeadline.watch(this.#writes);
    else this.#drainDeadline.stop();
    if (this.#state === "closing" && this.queuedBytes === 0) this.#finish();
  }

  /** The peer broke the protocol: send it the error, and close the channel. */
  #refuse(error: unknown): void {
    const reason = new ReceiveFailed(
      `Peer of channel "${this.name}" broke the protocol: ${errorMessage(error)}`,
      { cause: error },
    );
    const code = error instanceof FrameError && error.kind === "not-json" ? PARSE_ERROR : INVALID_REQUEST;
    const body: Message = { type: "response", error: { code, message: errorMessage(error) } };
    this.#writer?.push(JSON.stringify(body));
    this.#beginClose(reason);
  }

  /** Ends both directions for the users of the channel, and the connection when the output is out. */
  #beginClose(reason: ChannelError): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#closeReason = reason;
    this.#decoder.stop();
    this.#frameDeadline.stop();
    this.end(reason);
    this.#outbox?.rejectWaiting(reason);
    this.#closeTimer = setTimeout(() => this.#finish(), LIMITS.closeTimeout);
    // A peer that writes and does not read would wait for us as we wait for it.
    if (this.#paused) this.#setup.socket.resume();
    this.#writer?.flush();
    if (this.queuedBytes === 0) this.#finish();
  }

  #finish(reason?: ChannelError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const final = this.#closeReason ?? reason ?? this.#gone(undefined);
    this.#closeReason = final;
    clearTimeout(this.#closeTimer);
    this.#frameDeadline.stop();
    this.#drainDeadline.stop();
    this.#decoder.stop();
    this.end(final);
    this.#outbox?.rejectWaiting(final);
    this.#setup.socket.close();
    this.#resolveClosed();
    this.#setup.onClosed?.(this);
  }

  #isOpen(): boolean {
    return this.#state === "open";
  }

  #gone(error: Error | undefined): ChannelError {
    const cause = error === undefined ? {} : { cause: error };
    if (!GONE.has(errorCode(error))) {
      return new Io(`Connection of channel "${this.name}" broke: ${errorMessage(error)}`, cause);
    }
    const midway = this.#decoder.partial ? " in the middle of a message" : "";
    return new Disconnected(`Peer of channel "${this.name}" closed the connection${midway}`, cause);
  }

  #sendRefusal(): ChannelError {
    if (this.#state === "closing") return new ShuttingDown(`Channel "${this.name}" is closing`);
    return this.#closeReason ?? new Disconnected(`Channel "${this.name}" is not connected yet`);
  }

  #sendError(error: unknown): Error {
    if (error instanceof ChannelError) return error;
    return new Serialization(`Cannot send on channel "${this.name}": ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** Undefined: accepted at once. */
type Push<T> = (outbox: Outbox, message: T, signal: AbortSignal | undefined) => Promise<void> | undefined;

const pushMessage: Push<Message> = (outbox, message, signal) =>
  outbox.push({ json: JSON.stringify(message) }, signal);

const pushData: Push<unknown> = (outbox, data, signal) => outbox.push(dataText(data), signal);

const pushRequest: Push<Request> = (outbox, request, signal) => {
  const { number, method, data } = request;
  const envelope = requestEnvelope(method);
  // Undefined for what JSON leaves out, such as a function.
  const json = envelope === undefined ? undefined : jsonOf(data);
  if (envelope === undefined || json === undefined) {
    return pushMessage(outbox, requestMessage(request), signal);
  }
  return outbox.pushIn(envelope, number, json, signal);
};

/** Most requests have no parameters, which takes no call of the runtime to write. */
function jsonOf(data: unknown): string | undefined {
  return isEmptyObject(data) ? "{}" : JSON.stringify(data);
}

function isEmptyObject(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  if (Object.getPrototypeOf(data) !== Object.prototype) return false;
  for (const _ in data) return false;
  return !("toJSON" in data);
}

function limitOf({ maxFrameBytes }: StreamChannelOptions): { maxFrameBytes?: number } {
  return maxFrameBytes === undefined ? {} : { maxFrameBytes };
}
