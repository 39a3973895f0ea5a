import type { Buffer } from "node:buffer";
import type { Around, Envelope } from "../socket/framing/envelope.ts";
import { FrameWriter, type FrameWriterOptions } from "../socket/framing/frame_writer.ts";
import type { Framing } from "../socket/framing/framing.ts";
import type { Socket } from "../socket/mod.ts";

/** The connection whose output it is. */
export interface OutputHost {
  readonly framing: Framing;
  /** The kernel was given this many bytes; `taken` is false when it holds them back. */
  onSent(bytes: number, taken: boolean): void;
}

/** What a connection has still to send, with its figures. */
export class ConnectionOutput implements FrameWriterOptions {
  readonly framing: Framing;
  readonly maxFrameBytes: number;
  readonly #socket: Socket;
  readonly #host: OutputHost;
  readonly #soft: number;
  readonly #writer: FrameWriter;
  #bytesSent = 0;
  #peakQueue = 0;

  /** @param limits `outputSoft`: queued bytes above which a connection has no room */
  constructor(socket: Socket, host: OutputHost, limits: { frame: number; outputSoft: number }) {
    this.framing = host.framing;
    this.maxFrameBytes = limits.frame;
    this.#socket = socket;
    this.#host = host;
    this.#soft = limits.outputSoft;
    this.#writer = new FrameWriter(this);
  }

  /** The writer's side: gives the bytes to the socket. */
  write(bytes: Buffer): boolean {
    this.#bytesSent += bytes.length;
    const taken = this.#socket.write(bytes);
    this.#host.onSent(bytes.length, taken);
    return taken;
  }

  /** Bytes that the peer has not taken yet. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /** Whether the socket holds bytes that the kernel would not take. */
  get blocked(): boolean {
    return this.#writer.blocked;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** The most that was queued while there was no room. */
  get peakQueue(): number {
    return this.#peakQueue;
  }

  /** @throws {FrameError} when the message is larger than a frame may be */
  push(json: string | number, around?: Around): void {
    this.#writer.push(json, around);
  }

  /** As {@link push}; see {@link FrameWriter.pushIn}. */
  pushIn(envelope: Envelope, id: string, data: string): void {
    this.#writer.pushIn(envelope, id, data);
  }

  /** @param frames of the connection's own framing, which do not change */
  pushShared(frames: Buffer): void {
    this.#writer.pushShared(frames);
  }

  flush(): void {
    this.#writer.flush();
  }

  drained(): void {
    this.#writer.drained();
  }

  /** A queue that the kernel takes at once is no reason to wait: no drain would end the wait. */
  hasRoom(): boolean {
    if (this.queuedBytes > this.#soft) this.flush();
    if (this.queuedBytes <= this.#soft) return true;
    this.#peakQueue = Math.max(this.#peakQueue, this.queuedBytes);
    return false;
  }
}
