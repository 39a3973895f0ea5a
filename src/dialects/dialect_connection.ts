import { Buffer } from "node:buffer";
import { errorMessage } from "../base/errors.ts";
import { DaemonClient } from "../client/daemon_client.ts";
import { FrameDecoder } from "../socket/framing/frame_decoder.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { FormFeedDecoder } from "./form_feed_decoder.ts";
import { FrameWriter } from "../socket/framing/frame_writer.ts";
import { decodeJson } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";
import { memoryPair } from "../socket/memory_pair.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { Dialect, DialectSession } from "./dialect.ts";

export interface DialectHost {
  /** Takes a connection as if a client had connected. */
  accept(socket: Socket): SocketHandler;
  /** haft's own version. */
  version: string;
  /** Bytes of the longest message that the daemon takes. */
  maxFrameBytes: number;
  onInternalError(where: string, error: unknown): void;
}

/** Messages that wait their turn before the socket is not read. */
const MOST_WAITING = 64;
const TICK_MS = 15_000;

/** One connection of another system's client, joined to the daemon as an ordinary client. */
export class DialectConnection implements SocketHandler {
  readonly #socket: Socket;
  readonly #dialect: Dialect;
  readonly #host: DialectHost;
  readonly #decoder: FrameDecoder | FormFeedDecoder;
  readonly #writer: FrameWriter;
  readonly #waiting: (() => Promise<void> | void)[] = [];
  readonly #ticker: ReturnType<typeof setInterval>;
  #session: DialectSession | undefined;
  #daemon: DaemonClient | undefined;
  /** Its end of the memory between the two. */
  #toDaemon: Socket | undefined;
  #working = false;
  #paused = false;
  /** Since when the daemon is not read, because the peer does not read; `performance.now()`. */
  #stuckSince: number | undefined;
  #closed = false;

  constructor(socket: Socket, dialect: Dialect, host: DialectHost) {
    this.#socket = socket;
    this.#dialect = dialect;
    this.#host = host;
    const { framing, maxFrameBytes } = dialect;
    this.#decoder = framing === "form-feed"
      ? new FormFeedDecoder({ maxFrameBytes })
      : new FrameDecoder({ framing, maxFrameBytes });
    this.#writer = new FrameWriter({
      framing: framing === "form-feed" ? "lines" : framing,
      maxFrameBytes: LIMITS.frameCeiling,
      write: (bytes) => socket.write(bytes),
    });
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    void this.#join();
  }

  data(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#decoder.push(chunk, this.#onFrame);
    } catch (error) {
      this.#enqueue(() => this.#session?.malformed(errorMessage(error)));
      // Where the next message begins is not known any more.
      this.#enqueue(() => this.#end());
    }
    if (this.#waiting.length < MOST_WAITING || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  drain(): void {
    this.#writer.drained();
    if (this.#writer.queuedBytes <= LIMITS.outputSoft / 2) this.#readDaemon();
  }

  /**
   * The peer is gone. What it said before still counts, as with the daemon's own connections: helpers say a
   * word and go.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ticker);
    this.#decoder.stop();
    this.#enqueue(() => this.#daemon?.close());
    // Its last requests still run, although no peer reads the answers.
    this.#readDaemon();
  }

  readonly #onFrame = (bytes: Buffer, start: number, end: number): void => {
    let value: unknown;
    try {
      value = decodeJson(bytes, start, end);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return this.#enqueue(() => this.#session?.malformed(error.message));
    }
    this.#enqueue(() => this.#session?.message(value));
  };

  /** Becomes a client of the daemon, in memory. */
  async #join(): Promise<void> {
    try {
      const daemon = await DaemonClient.inMemory((attach) => {
        const [left] = memoryPair(attach, (socket) => this.#host.accept(socket));
        this.#toDaemon = left;
        return left;
      }, {
        client: this.#dialect.name,
        version: this.#host.version,
        maxFrameBytes: this.#host.maxFrameBytes,
      });
      this.#daemon = daemon;
      void daemon.closed.then(() => this.#end());
      this.#session = this.#dialect.open({ send: (value) => this.#send(value) }, daemon);
      void this.#work();
    } catch (error) {
      this.#host.onInternalError(`dialect ${this.#dialect.name}`, error);
      this.#end();
    }
  }

  #tick(): void {
    const stuck = this.#stuckSince !== undefined &&
      performance.now() - this.#stuckSince > LIMITS.drainTimeout;
    if (stuck) this.#abandon();
    else this.#session?.tick?.();
  }

  #readDaemon(): void {
    if (this.#stuckSince === undefined) return;
    this.#stuckSince = undefined;
    this.#toDaemon?.resume();
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
    if (queuedBytes > LIMITS.outputSoft && this.#stuckSince === undefined) {
      this.#stuckSince = performance.now();
      this.#toDaemon?.pause();
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
