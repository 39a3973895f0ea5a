/**
 * One client's connection: frames in, requests dispatched, responses and events out through one writer, in
 * their order. It never waits for its reader: above the soft limit its requests are not read and its
 * subscriptions pause; past the hard limit, or without any drain for too long, it is closed as slow.
 */
import { randomId } from "../base/random_id.ts";
import { ANSWER } from "../channel/plain_answer.ts";
import { readPlainRequest } from "../channel/plain_request.ts";
import type { EventFilter } from "../hub/event_filter.ts";
import type { FrameSink } from "../hub/frame_fanout.ts";
import type { StreamPosition } from "../hub/hub.ts";
import type { Message } from "../protocol/envelope.ts";
import type { DaemonMetrics } from "../protocol/methods/daemon_methods.ts";
import { asksForControl } from "../protocol/asks_for_control.ts";
import { isMessage } from "../protocol/is_message.ts";
import { PROTOCOL_RANGE } from "../protocol/protocol_range.ts";
import { type ErrorName, RequestError } from "../protocol/wire_error.ts";
import type { Around } from "../socket/framing/envelope.ts";
import { FrameDecoder, type OnFrame } from "../socket/framing/frame_decoder.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import type { Framing } from "../socket/framing/framing.ts";
import { decodeJson } from "../socket/framing/json_text.ts";
import { PeerClock, type PeerState } from "../socket/peer_clock.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { Introduction } from "./client.ts";
import type { ConnectionHost } from "./connection_host.ts";
import { PAUSE_MS, REFUSED_MS } from "./connection_limits.ts";
import { ConnectionOutput, type OutputHost } from "./connection_output.ts";
import { RequestDispatcher, type RequestPeer, wireError } from "./request_dispatcher.ts";
import { sendEvent } from "./send_event.ts";
import { Subscriptions } from "./subscriptions.ts";

/** One connection's part of `daemon.metrics`. */
export type ConnectionFigures = DaemonMetrics["connections"][number];

export class Connection implements RequestPeer, OutputHost, FrameSink, SocketHandler {
  readonly id: string = randomId();
  readonly connectedAt: number = Date.now();
  name: string | undefined;
  version: string | undefined;
  protocol: number = PROTOCOL_RANGE[0];
  takesParts = false;
  requests = 0;
  /** Whether it is open and its first frame is still to come; an empty frame is none. */
  silent = true;
  /** Why the first message gets the error `too_many`; only that tells the client's framing. */
  refusal: string | undefined;
  /** Subscriptions wait for the drain: see {@link FrameSink}. */
  full = false;
  #bytesReceived = 0;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #dispatcher: RequestDispatcher;
  readonly #subscriptions: Subscriptions;
  readonly #clock: PeerClock;
  #output: ConnectionOutput | undefined;
  #readingPaused = false;
  #inputEnded = false;
  /** Offered events that were left out since the last drain. */
  #leftOut = 0;
  /** Why it ends; undefined while it is open. */
  #closing: string | undefined;

  /** @param dialect the wire that its peer speaks; undefined for the native one */
  constructor(socket: Socket, host: ConnectionHost, readonly dialect?: string) {
    this.#socket = socket;
    this.#host = host;
    this.#clock = new PeerClock(performance.now());
    this.#decoder = new FrameDecoder({ maxFrameBytes: host.limits.frameBeforeHello });
    this.#dispatcher = new RequestDispatcher(host, this);
    this.#subscriptions = new Subscriptions(this.id, host.fanout);
  }

  get framing(): Framing {
    return this.#decoder.framing ?? "lines";
  }

  get subscriptions(): ReadonlyMap<string, { filter: EventFilter }> {
    return this.#subscriptions.open;
  }

  get requestsInFlight(): RequestDispatcher["counts"] {
    return this.#dispatcher.counts;
  }

  /** Its figures since it was accepted; messages include empty frames. */
  get figures(): ConnectionFigures {
    return {
      client_id: this.id,
      name: this.name ?? null,
      messages_received: this.#decoder.frames,
      requests: this.requests,
      bytes_received: this.#bytesReceived,
      bytes_sent: this.#output?.bytesSent ?? 0,
      queued_bytes: this.#queuedBytes,
      peak_queue_bytes: this.#output?.peakQueue ?? 0,
      subscriptions: this.subscriptions.size,
      uptime_ms: Math.round(this.ageMs),
    };
  }

  /** Milliseconds since it was accepted, whatever the system's clock was set to meanwhile. */
  get ageMs(): number {
    return performance.now() - this.#clock.connectedAt;
  }

  introduce({ client, version, protocol, takesParts }: Introduction): void {
    const first = this.name === undefined;
    this.name = client;
    this.version = version;
    this.protocol = protocol;
    this.takesParts = takesParts;
    this.#decoder.maxFrameBytes = this.#host.limits.frame;
    if (first) this.#host.onIntroduced(this);
  }

  subscribe(filter: EventFilter, since: StreamPosition | undefined): ReturnType<Subscriptions["add"]> {
    return this.#subscriptions.add(this, { filter, since, most: this.#host.limits.subscriptions });
  }

  unsubscribe(id: string): boolean {
    return this.#subscriptions.remove(id);
  }

  cancel(requestId: string): boolean {
    return this.#dispatcher.cancel(requestId);
  }

  send(event: string, data: unknown): void {
    sendEvent((json) => this.sendText(json), { event, data });
  }

  /**
   * Sends this client's own copy of an event that it can do without. While its queue is full, which would
   * otherwise close it, the event is left out; once there is room the client hears how many were.
   */
  offer(event: string, data: unknown): void {
    if (this.full) this.#leftOut++;
    else this.send(event, data);
  }

  /** The hub's side: see {@link FrameSink}. */
  write(frames: Buffer): boolean {
    if (this.#closing !== undefined) return false;
    this.#writer().pushShared(frames);
    return this.#afterQueueing();
  }

  /** The dispatcher's side: see {@link RequestPeer}. */
  sendText(json: string | number, around?: Around): void {
    if (this.#closing !== undefined) return;
    this.#writer().push(json, around);
    this.#afterQueueing();
  }

  /** As {@link sendText}, for `{type: "response", id, data}`. */
  sendAnswer(id: string, data: string): void {
    if (this.#closing !== undefined) return;
    this.#writer().pushIn(ANSWER, id, data);
    this.#afterQueueing();
  }

  ready(): boolean {
    return this.#closing === undefined && this.#output?.blocked !== true;
  }

  onIdle(): void {
    const waits = this.#dispatcher.inFlight > 0 || this.subscriptions.size > 0;
    if (this.#inputEnded && !waits) this.stop("closed by the client");
  }

  /** The output's side: see {@link OutputHost}. */
  onSent(bytes: number, taken: boolean): void {
    this.#host.traffic.sent(bytes);
    if (!taken) this.#clock.stuck(performance.now());
  }

  /** Events that were published until now go before what is sent next. */
  sendEvents(): void {
    if (this.#host.fanout.isBehind && !this.full) this.#subscriptions.resume();
  }

  /** Sends what is queued and published, then closes. Requests in flight are ended. */
  stop(reason: string): void {
    if (this.#closing === undefined && !this.full) this.#subscriptions.resume();
    if (this.#closing === undefined) this.#finish(reason, "send");
  }

  /** Ends after an error that makes going on impossible. A client whose framing is known gets it first. */
  fail(name: ErrorName, message: string): void {
    if (this.#closing !== undefined) return;
    if (this.#decoder.framing !== undefined) {
      this.sendText(JSON.stringify({ type: "response", error: wireError(name, message) }));
    }
    this.stop(message);
  }

  /** The socket's side: the connection has ended. */
  close(error: Error | undefined): void {
    this.#finish(error === undefined ? "closed by the client" : error.message, "gone");
  }

  data(chunk: Buffer): void {
    if (this.#closing !== undefined) return;
    this.#bytesReceived += chunk.length;
    const before = this.#decoder.frames;
    this.#decode((onFrame) => this.#decoder.push(chunk, onFrame));
    const frames = this.#decoder.frames - before;
    this.#host.traffic.received(chunk.length, frames);
    this.#clock.heard(performance.now(), { partial: this.#decoder.partial, frames });
    if (this.#readingPaused || this.#output?.hasRoom() !== false) return;
    this.#readingPaused = true;
    this.#socket.pause();
  }

  /** The socket's side: the client sends nothing more. It gets the answers that are still to come. */
  end(): void {
    this.#inputEnded = true;
    this.#decode((onFrame) => this.#decoder.end(onFrame));
    this.onIdle();
  }

  drain(): void {
    this.#clock.drained();
    this.#output?.drained();
    if (this.#closing !== undefined) {
      if (this.#queuedBytes === 0) this.#socket.close();
      return;
    }
    if (this.#queuedBytes > this.#host.limits.outputSoft / 2) return;
    if (this.#readingPaused) {
      this.#readingPaused = false;
      this.#socket.resume();
    }
    this.#dispatcher.drained();
    if (this.full) {
      this.full = false;
      if (this.#leftOut > 0) this.send("relay.lagged", { dropped: this.#leftOut });
      this.#leftOut = 0;
      this.#subscriptions.resume();
    }
  }

  /** When {@link checkTimes} has something to do, unless something comes or goes before. */
  get dueAt(): number {
    if (this.#decoder.partial || this.refusal !== undefined) return 0;
    return this.#clock.dueAt(this.#host.limits, this.#state);
  }

  /** Looks at the clock. `now` is `performance.now()`. */
  checkTimes(now: number): void {
    if (this.#decoder.partial && now - this.#clock.heardAt > PAUSE_MS) {
      this.#decode((onFrame) => this.#decoder.settle(onFrame));
    }
    const refused = this.refusal !== undefined && now - this.#clock.heardAt > REFUSED_MS;
    if (refused) this.fail("too_many", this.refusal ?? "");
    const overdue = this.#clock.look(now, this.#host.limits, this.#state);
    switch (overdue?.kind) {
      case "ping":
        return this.sendText(`{"type":"ping","id":"keep-alive-${overdue.number}"}`);
      case "late":
        return this.fail("timed_out", overdue.message);
      case "lost":
        return this.#finish(overdue.reason, "drop");
    }
  }

  /** The function is made anew each time: connections that wait hold none. */
  #decode(step: (onFrame: OnFrame) => void): void {
    try {
      step((bytes, start, end) => this.#onFrame(bytes, start, end));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.fail(error.kind === "not-json" ? "parse_error" : "invalid_request", error.message);
    }
  }

  /**
   * Only subscribers are pinged: neither they nor the daemon would notice otherwise that the other side is
   * gone. A script that holds a connection open by hand would not know what to answer.
   */
  get #state(): PeerState {
    const keepAlive = this.subscriptions.size > 0 && this.name !== undefined && !this.#inputEnded;
    return { silent: this.silent, closing: this.#closing !== undefined, keepAlive };
  }

  #onFrame(bytes: Buffer, start: number, end: number): void {
    this.silent = false;
    if (this.#closing !== undefined) return;
    const value = readPlainRequest(bytes, start, end) ?? decodeJson(bytes, start, end);
    if (this.refusal !== undefined) {
      if (!this.#host.hasRoom(asksForControl(value))) return this.fail("too_many", this.refusal);
      this.refusal = undefined;
    }
    if (!isMessage(value)) {
      return this.fail("invalid_request", `A message is an object whose "type" is one of the protocol's`);
    }
    this.#onMessage(value);
  }

  #onMessage(message: Message): void {
    switch (message.type) {
      case "request":
        this.requests++;
        return this.#dispatcher.dispatch(message);
      case "ping":
        return this.sendText(JSON.stringify({ type: "pong", id: message.id }));
      case "pong":
        return;
      default:
        return this.fail("invalid_request", `The daemon takes no messages of type "${message.type}"`);
    }
  }

  get #queuedBytes(): number {
    return this.#output?.queuedBytes ?? 0;
  }

  /** Made when there is something to send: by then the client's framing is known. */
  #writer(): ConnectionOutput {
    return this.#output ??= new ConnectionOutput(this.#socket, this, this.#host.limits);
  }

  #afterQueueing(): boolean {
    if (this.#writer().hasRoom()) return true;
    this.full = true;
    if (this.#queuedBytes > this.#host.limits.outputHard) this.#finish("slow_consumer", "drop");
    return false;
  }

  /**
   * The one ending; the first reason counts.
   *
   * @param rest what is queued: `send` it, `drop` it because the peer takes nothing, or the peer is `gone`
   */
  #finish(reason: string, rest: "send" | "drop" | "gone"): void {
    if (this.#closing === undefined) {
      if (rest === "send") this.#output?.flush();
      this.#closing = reason;
      this.silent = false;
      this.#decoder.stop();
      this.#subscriptions[Symbol.dispose]();
      this.#dispatcher.endAll(new RequestError("cancelled", "The connection was closed"));
    }
    if (rest === "gone") this.#host.onClose(this, this.#closing);
    else if (rest === "drop" || this.#queuedBytes === 0) this.#socket.close();
    else this.#clock.stuck(performance.now());
  }
}
