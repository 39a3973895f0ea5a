/**
 * One client's connection: frames in, requests dispatched, responses and events out through one writer, so that their order
 * is the order in which they came about. It never waits for its reader: above the soft limit its requests are not read and its
 * subscriptions pause; past the hard limit, or without any drain for too long, it is closed as a slow consumer.
 */
import { randomId } from "../base/random_id.ts";
import type { EventFilter } from "../hub/event_filter.ts";
import type { FrameFanout, FrameSink, FrameSubscription } from "../hub/frame_fanout.ts";
import type { StreamPosition } from "../hub/hub.ts";
import type { Message } from "../protocol/envelope.ts";
import type { DaemonMetrics } from "../protocol/methods/daemon_methods.ts";
import { isMessage } from "../protocol/is_message.ts";
import { PROTOCOL_RANGE } from "../protocol/hello.ts";
import { type ErrorName, RequestError } from "../protocol/wire_error.ts";
import { FrameDecoder } from "../socket/framing/frame_decoder.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { FrameWriter } from "../socket/framing/frame_writer.ts";
import type { Framing } from "../socket/framing/framing.ts";
import { decodeJson } from "../socket/framing/json_text.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { Client } from "./client.ts";
import type { ConnectionLimits } from "./connection_limits.ts";
import { type DispatcherHost, RequestDispatcher, wireError } from "./request_dispatcher.ts";

export interface ConnectionHost extends Omit<DispatcherHost, "limits"> {
  readonly limits: ConnectionLimits;
  readonly fanout: FrameFanout;
  readonly traffic: { received(bytes: number, messages: number): void; sent(bytes: number): void };
  /** Called once, when the connection has ended. */
  onClose(connection: Connection, reason: string): void;
}

/** One connection's part of `daemon.metrics`. */
export type ConnectionFigures = DaemonMetrics["connections"][number];

interface Subscription {
  filter: EventFilter;
  stream: FrameSubscription;
}

/** How long a connection that is one too many may take to say what it wants. */
const REFUSED_MS = 2_000;

export class Connection implements Client, FrameSink, SocketHandler {
  readonly id: string = randomId();
  readonly connectedAt: number = Date.now();
  name: string | undefined;
  version: string | undefined;
  protocol: number = PROTOCOL_RANGE[0];
  requests = 0;
  #bytesReceived = 0;
  #bytesSent = 0;
  #peakQueue = 0;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #dispatcher: RequestDispatcher;
  readonly #subscriptions = new Map<string, Subscription>();
  #writer: FrameWriter | undefined;
  #nextSubscription = 1;
  #readingPaused = false;
  #subscriptionsPaused = false;
  #leftOut = 0;
  #closing: string | undefined;
  #refusal: string | undefined;
  #heardAt: number;
  #frameSince: number | undefined;
  #stuckSince: number | undefined;
  #pingsUnanswered = 0;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#heardAt = performance.now();
    this.#decoder = new FrameDecoder({ maxFrameBytes: host.limits.frameBeforeHello });
    this.#dispatcher = new RequestDispatcher(host, this, { send: (json) => this.#send(json) });
  }

  get framing(): Framing {
    return this.#decoder.framing ?? "lines";
  }

  get subscriptions(): ReadonlyMap<string, { filter: EventFilter }> {
    return this.#subscriptions;
  }

  get requestsInFlight(): number {
    return this.#dispatcher.inFlight;
  }

  /** Bytes that the peer has not taken yet. */
  get queuedBytes(): number {
    return this.#writer?.queuedBytes ?? 0;
  }

  /** Whether the first frame is still to come. */
  get silent(): boolean {
    return this.#decoder.frames === 0;
  }

  /** Its figures since it was accepted; messages include empty frames. */
  get figures(): ConnectionFigures {
    return {
      client_id: this.id,
      name: this.name ?? null,
      messages_received: this.#decoder.frames,
      requests: this.requests,
      bytes_received: this.#bytesReceived,
      bytes_sent: this.#bytesSent,
      queued_bytes: this.queuedBytes,
      peak_queue_bytes: this.#peakQueue,
      subscriptions: this.#subscriptions.size,
      uptime_ms: Date.now() - this.connectedAt,
    };
  }

  introduce(
    { client, version, protocol }: { client: string; version: string | undefined; protocol: number },
  ): void {
    this.name = client;
    this.version = version;
    this.protocol = protocol;
    this.#decoder.maxFrameBytes = this.#host.limits.frame;
  }

  subscribe(
    filter: EventFilter,
    since: StreamPosition | undefined,
  ): { id: string; position: StreamPosition } {
    const most = this.#host.limits.subscriptions;
    if (this.#subscriptions.size >= most) {
      throw new RequestError("too_many", `More than ${most} subscriptions on one connection`);
    }
    const id = `${this.id}-${this.#nextSubscription++}`;
    const stream = this.#host.fanout.subscribe(this, { filter, ...(since === undefined ? {} : { since }) });
    this.#subscriptions.set(id, { filter, stream });
    return { id, position: stream.position };
  }

  unsubscribe(id: string): boolean {
    this.#subscriptions.get(id)?.stream[Symbol.dispose]();
    return this.#subscriptions.delete(id);
  }

  cancel(requestId: string): boolean {
    return this.#dispatcher.cancel(requestId);
  }

  send(event: string, data: unknown): void {
    this.#send(JSON.stringify({ type: "event", event, data }));
  }

  /**
   * Sends this client's own copy of an event that it can do without: left out while its queue is full, which would otherwise close it. How
   * many were, it is told as soon as there is room.
   */
  offer(event: string, data: unknown): void {
    if (this.#subscriptionsPaused) this.#leftOut++;
    else this.send(event, data);
  }

  /** The hub's side: see {@link FrameSink}. */
  write(frames: Uint8Array): boolean {
    if (this.#closing !== undefined) return false;
    this.#output().pushRaw(frames);
    return this.#afterQueueing();
  }

  /** Sends what is queued, then closes. Requests in flight are ended. */
  end(reason: string): void {
    if (this.#closing !== undefined) return;
    this.#writer?.flush();
    this.#closing = reason;
    this.#decoder.stop();
    this.#release();
    if (this.queuedBytes === 0) this.#socket.close();
    else this.#stuckSince ??= performance.now();
  }

  /** Ends after an error that makes going on impossible, which the client is told first. */
  fail(name: ErrorName, message: string): void {
    if (this.#closing !== undefined) return;
    this.#send(JSON.stringify({ type: "response", error: wireError(name, message) }));
    this.end(message);
  }

  /** Answers the first message with the error `too_many`: only then is it known which framing the client reads. */
  refuse(message: string): void {
    this.#refusal = message;
  }

  /** The socket's side: the connection has ended. */
  close(error: Error | undefined): void {
    this.#closing ??= error === undefined ? "closed by the client" : error.message;
    this.#release();
    this.#host.onClose(this, this.#closing);
  }

  data(chunk: Buffer): void {
    if (this.#closing !== undefined) return;
    this.#heardAt = performance.now();
    this.#pingsUnanswered = 0;
    this.#bytesReceived += chunk.length;
    const before = this.#decoder.frames;
    try {
      this.#decoder.push(chunk, this.#onFrame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.fail(error.kind === "not-json" ? "parse_error" : "invalid_request", error.message);
    }
    const frames = this.#decoder.frames - before;
    this.#host.traffic.received(chunk.length, frames);
    // A frame that goes on from chunk to chunk keeps the time of its beginning.
    if (!this.#decoder.partial) this.#frameSince = undefined;
    else if (frames > 0 || this.#frameSince === undefined) this.#frameSince = this.#heardAt;
    if (!this.#hasRoom()) this.#pauseReading();
  }

  drain(): void {
    this.#stuckSince = undefined;
    this.#writer?.drained();
    if (this.#closing !== undefined) {
      if (this.queuedBytes === 0) this.#socket.close();
      return;
    }
    if (this.queuedBytes > this.#host.limits.outputSoft / 2) return;
    if (this.#readingPaused) {
      this.#readingPaused = false;
      this.#socket.resume();
    }
    if (this.#subscriptionsPaused) {
      this.#subscriptionsPaused = false;
      this.#tellLeftOut();
      for (const { stream } of this.#subscriptions.values()) stream.resume();
    }
  }

  /** Looks at the clock; the server calls it about once a second. `now` is `performance.now()`. */
  checkTimes(now: number): void {
    const { limits } = this.#host;
    if (this.#stuckSince !== undefined && now - this.#stuckSince > limits.drainTimeoutMs) {
      return this.#abandon("slow_consumer");
    }
    if (this.#closing !== undefined) return;
    if (this.#refusal !== undefined && now - this.#heardAt > REFUSED_MS) {
      return this.fail("too_many", this.#refusal);
    }
    if (this.silent && now - this.#heardAt > limits.firstFrameTimeoutMs) {
      return this.fail("timed_out", `No message within ${limits.firstFrameTimeoutMs / 1000} s of connecting`);
    }
    if (this.#frameSince !== undefined && now - this.#frameSince > limits.frameTimeoutMs) {
      return this.fail("timed_out", `A message did not end within ${limits.frameTimeoutMs / 1000} s`);
    }
    this.#keepAlive(now);
  }

  #tellLeftOut(): void {
    const dropped = this.#leftOut;
    this.#leftOut = 0;
    if (dropped > 0) this.send("relay.lagged", { dropped });
  }

  readonly #onFrame = (bytes: Buffer, start: number, end: number): void => {
    if (this.#closing !== undefined) return;
    if (this.#refusal !== undefined) return this.fail("too_many", this.#refusal);
    const value = decodeJson(bytes, start, end);
    if (!isMessage(value)) {
      return this.fail("invalid_request", `A message is an object whose "type" is one of the protocol's`);
    }
    this.#onMessage(value);
  };

  #onMessage(message: Message): void {
    switch (message.type) {
      case "request":
        this.requests++;
        return this.#dispatcher.dispatch(message);
      case "ping":
        return this.#send(JSON.stringify({ type: "pong", id: message.id }));
      case "pong":
        return;
      default:
        return this.fail("invalid_request", `The daemon takes no messages of type "${message.type}"`);
    }
  }

  #keepAlive(now: number): void {
    // Only subscribers are asked: whoever waits for events has no other way to find out that the daemon is gone, nor has
    // the daemon that the subscriber is. A script that holds a connection open by hand would not know what to answer.
    if (this.#subscriptions.size === 0 || this.name === undefined) return;
    const silence = now - this.#heardAt;
    if (silence < this.#host.limits.keepAliveMs * (this.#pingsUnanswered + 1)) return;
    if (this.#pingsUnanswered >= 2) return this.#abandon("no answer to two pings");
    this.#pingsUnanswered++;
    this.#send(`{"type":"ping","id":"keep-alive-${this.#pingsUnanswered}"}`);
  }

  #send(json: string): void {
    if (this.#closing !== undefined) return;
    this.#output().push(json);
    this.#afterQueueing();
  }

  #output(): FrameWriter {
    return this.#writer ??= new FrameWriter({
      framing: this.framing,
      maxFrameBytes: this.#host.limits.frame,
      write: (bytes) => {
        this.#host.traffic.sent(bytes.length);
        this.#bytesSent += bytes.length;
        const taken = this.#socket.write(bytes);
        if (!taken) this.#stuckSince ??= performance.now();
        return taken;
      },
    });
  }

  /** @returns false when subscriptions are to wait for the drain */
  #afterQueueing(): boolean {
    if (this.#hasRoom()) return true;
    if (this.queuedBytes > this.#peakQueue) this.#peakQueue = this.queuedBytes;
    if (this.queuedBytes > this.#host.limits.outputHard) this.#abandon("slow_consumer");
    else this.#subscriptionsPaused = true;
    return false;
  }

  /** A queue that the kernel takes at once is no reason to wait: there would be no drain to end it. */
  #hasRoom(): boolean {
    const { outputSoft } = this.#host.limits;
    if (this.queuedBytes > outputSoft) this.#writer?.flush();
    return this.queuedBytes <= outputSoft;
  }

  #pauseReading(): void {
    if (this.#readingPaused) return;
    this.#readingPaused = true;
    this.#socket.pause();
  }

  /** Closes at once: what is queued is lost, because nobody takes it. */
  #abandon(reason: string): void {
    this.#closing ??= reason;
    this.#decoder.stop();
    this.#release();
    this.#socket.close();
  }

  #release(): void {
    for (const { stream } of this.#subscriptions.values()) stream[Symbol.dispose]();
    this.#subscriptions.clear();
    this.#dispatcher.endAll(new RequestError("cancelled", "The connection was closed"));
  }
}
