import { Buffer } from "node:buffer";
import { cutText } from "../base/cut_text.ts";
import { errorMessage } from "../base/errors.ts";
import { Disconnected } from "../channel/errors.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import { RequestError } from "../protocol/wire_error.ts";
import { FrameDecoder } from "../socket/framing/frame_decoder.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { FormFeedDecoder } from "../socket/framing/form_feed_decoder.ts";
import { FrameWriter, type FrameWriterOptions } from "../socket/framing/frame_writer.ts";
import type { Framing } from "../socket/framing/framing.ts";
import { decodeJson } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import { PeerClock, type PeerLimits } from "../socket/peer_clock.ts";
import { DaemonLink, type LinkOwner } from "./daemon_link.ts";
import type { Dialect, DialectPeer, DialectSession } from "./dialect.ts";

export interface DialectHost {
  /** Takes a connection as if a client had connected. */
  accept(socket: Socket): SocketHandler;
  /** haft's own version. */
  version: string;
  /**
   * What is sent to a client that has sent nothing may reach another user: it gets a greeting, and events
   * from its first message on.
   */
  readonly strangersMayRead: boolean;
  onClose(connection: DialectConnection): void;
  onInternalError(where: string, error: unknown): void;
}

export interface DialectLimits extends PeerLimits {
  /** Bytes of the longest message that the daemon takes. */
  frame: number;
}

/** Messages that wait their turn before the socket is not read. */
const MOST_WAITING = 64;
const TICK_MS = 15_000;
/** Characters of an error that a peer is sent: it may quote what the peer said. */
const LONGEST_COMPLAINT = 1_000;

/** One connection of another system's client, joined to the daemon as an ordinary client. */
export class DialectConnection implements SocketHandler, DialectPeer, FrameWriterOptions, LinkOwner {
  readonly #socket: Socket;
  readonly #dialect: Dialect;
  readonly #host: DialectHost;
  readonly #limits: DialectLimits;
  readonly #decoder: FrameDecoder | FormFeedDecoder;
  readonly #writer: FrameWriter;
  readonly #waiting: (() => Promise<void> | void)[] = [];
  readonly #clock = new PeerClock(performance.now());
  #tickedAt = performance.now();
  #session: DialectSession | undefined;
  #daemon: DaemonLink | undefined;
  #working = false;
  #paused = false;
  /** The daemon is not read, because the peer does not read. */
  #stuck = false;
  #closed = false;
  #greeted = false;
  #spoke = false;

  /** @param options.host shared by all connections of the endpoint */
  constructor(
    socket: Socket,
    dialect: Dialect,
    { host, limits }: { host: DialectHost; limits: DialectLimits },
  ) {
    this.#socket = socket;
    this.#dialect = dialect;
    this.#host = host;
    this.#limits = limits;
    const { framing, maxFrameBytes } = dialect;
    this.#decoder = framing === "form-feed"
      ? new FormFeedDecoder({ maxFrameBytes })
      : new FrameDecoder({ framing, maxFrameBytes });
    this.#writer = new FrameWriter(this);
    void this.#join();
  }

  /** The writer's side: see {@link FrameWriterOptions}. */
  get framing(): Framing {
    const { framing } = this.#dialect;
    return framing === "form-feed" ? "lines" : framing;
  }

  get maxFrameBytes(): number {
    return LIMITS.frameCeiling;
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  /** The session's side: see {@link DialectPeer}. */
  send(value: unknown): void {
    if (this.#host.strangersMayRead && this.silent && this.#greeted) return;
    this.#greeted = true;
    this.#send(value);
  }

  get full(): boolean {
    return this.#stuck;
  }

  /** The link's side: see {@link LinkOwner}. */
  heard(event: DaemonEvent): void {
    try {
      this.#tell(event);
    } catch (error) {
      this.#host.onInternalError(`dialect ${this.#dialect.name}`, error);
    }
  }

  linkClosed(): void {
    this.#session?.ended?.();
    this.#end();
  }

  /** Whether the first message is still to come; an empty frame is none. */
  get silent(): boolean {
    return !this.#spoke;
  }

  /** Milliseconds since it was accepted. */
  get ageMs(): number {
    return performance.now() - this.#clock.connectedAt;
  }

  /** Says why, in the peer's words, and closes. */
  refuse(message: string): void {
    if (this.#closed) return;
    this.#complain(message);
    this.#end();
  }

  /** Looks at the clock; the endpoint calls it about once a second. `now` is `performance.now()`. */
  checkTimes(now: number): void {
    const silent = this.silent && !this.#dialect.mayStaySilent;
    const overdue = this.#clock.look(now, this.#limits, { silent, closing: this.#closed, keepAlive: false });
    if (overdue?.kind === "lost") return this.#abandon();
    if (overdue?.kind === "late") return this.refuse(overdue.message);
    if (now - this.#tickedAt < TICK_MS) return;
    this.#tickedAt = now;
    this.#session?.tick?.();
  }

  data(chunk: Buffer): void {
    if (this.#closed) return;
    const before = this.#decoder.frames;
    try {
      this.#decoder.push(chunk, (bytes, start, end) => this.#onFrame(bytes, start, end));
    } catch (error) {
      // Where the next message begins is not known any more.
      this.#enqueue(() => this.refuse(errorMessage(error)));
    }
    const { partial, frames } = this.#decoder;
    this.#clock.heard(performance.now(), { partial, frames: frames - before });
    if (this.#waiting.length < MOST_WAITING || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  drain(): void {
    this.#writer.drained();
    if (this.#writer.queuedBytes <= LIMITS.outputSoft / 2) this.#readDaemon();
  }

  /** The peer sends nothing more. It gets the answers that are still to come, and the events it asked for. */
  end(): void {
    try {
      this.#decoder.end((bytes, start, end) => this.#onFrame(bytes, start, end));
    } catch (error) {
      this.#enqueue(() => this.refuse(errorMessage(error)));
    }
    this.#enqueue(() => this.#daemon?.endInput());
  }

  /**
   * The peer is gone. What it said before still counts, as with the daemon's own connections: helpers say a
   * word and go.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#host.onClose(this);
    this.#decoder.stop();
    this.#enqueue(() => this.#daemon?.leave());
    // Its last requests still run, although no peer reads the answers.
    this.#readDaemon();
  }

  #onFrame(bytes: Buffer, start: number, end: number): void {
    this.#spoke = true;
    let value: unknown;
    try {
      value = decodeJson(bytes, start, end);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return this.#enqueue(() => this.#complain(error.message));
    }
    this.#enqueue(() => this.#session?.message(value));
  }

  /** Becomes a client of the daemon, in memory. */
  async #join(): Promise<void> {
    const { accept, version } = this.#host;
    const options = { accept, client: this.#dialect.name, version, maxFrameBytes: this.#limits.frame };
    let daemon: DaemonLink | undefined;
    try {
      daemon = new DaemonLink(this, options);
      await daemon.hello(options);
      this.#daemon = daemon;
      this.#session = this.#dialect.open(this, daemon);
      void this.#work();
    } catch (error) {
      const refused = error instanceof RequestError || error instanceof Disconnected;
      if (!refused) this.#host.onInternalError(`dialect ${this.#dialect.name}`, error);
      if (refused) this.refuse(error.message);
      else this.#end();
      daemon?.leave();
    }
  }

  /** In its own words an event may be no frame (too deep, too large): the peer hears that it missed it. */
  #tell(event: DaemonEvent): void {
    try {
      this.#session?.heard(event);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#session?.heard(missed(event));
    }
  }

  #complain(message: string): void {
    this.#send(this.#dialect.complaint(cutText(message, LONGEST_COMPLAINT)));
  }

  #readDaemon(): void {
    if (!this.#stuck) return;
    this.#stuck = false;
    this.#clock.drained();
    this.#daemon?.release();
  }

  #enqueue(step: () => Promise<void> | void): void {
    this.#waiting.push(step);
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#working || this.#session === undefined) return;
    this.#working = true;
    for (let step = this.#waiting.shift(); step !== undefined; step = this.#waiting.shift()) {
      try {
        await step();
      } catch (error) {
        this.#host.onInternalError(`dialect ${this.#dialect.name}`, error);
      }
      if (!this.#paused || this.#waiting.length > MOST_WAITING / 2) continue;
      this.#paused = false;
      if (!this.#closed) this.#socket.resume();
    }
    this.#working = false;
  }

  #send(value: unknown): void {
    if (this.#closed) return;
    const json = JSON.stringify(value);
    // In one piece: its clients look only when their buffer ends with a form feed.
    if (this.#dialect.framing === "form-feed") this.#writer.pushRaw(Buffer.from(`${json}\f`));
    else this.#writer.push(json);
    if (this.#writer.queuedBytes <= LIMITS.outputSoft) return;
    this.#writer.flush();
    const { queuedBytes } = this.#writer;
    // The daemon sees a client that does not read, as any other: it tells it what it missed, or
    // closes it.
    if (queuedBytes > LIMITS.outputSoft && !this.#stuck) {
      this.#stuck = true;
      this.#clock.stuck(performance.now());
      this.#daemon?.hold();
    }
    // What comes without the daemon, such as answers to what is no request: lost with the connection.
    if (queuedBytes > LIMITS.outputHard) this.#abandon();
  }

  #end(): void {
    if (this.#closed) return;
    this.#writer.flush();
    this.#abandon();
  }

  #abandon(): void {
    this.#waiting.length = 0;
    this.close();
    this.#socket.close();
  }
}

/** As the daemon announces what its own wire cannot carry. */
function missed({ seq }: DaemonEvent): DaemonEvent {
  return seq === undefined
    ? { type: "event", event: "relay.lagged", data: { dropped: 1 } }
    : { type: "event", event: "lagged", data: { from: seq, to: seq, dropped: 1 } };
}
