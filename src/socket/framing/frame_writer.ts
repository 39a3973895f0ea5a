import { Buffer } from "node:buffer";
import { LIMITS } from "../limits.ts";
import type { Envelope } from "./envelope.ts";
import { FrameError } from "./frame_error.ts";
import { type Framing, LENGTH_BYTES, NEWLINE } from "./framing.ts";
import { borrowBuffer, returnBuffer } from "./output_buffers.ts";
import { scanJson } from "./json_text.ts";

export interface FrameWriterOptions {
  framing: Framing;
  /** Bytes of one frame; at most 16 MiB − 1. */
  maxFrameBytes?: number;
  /**
   * Gives the bytes to the socket; false means that it holds the memory until {@link FrameWriter.drained}.
   */
  write: (bytes: Buffer) => boolean;
  /**
   * Waits while a sender that awaits each message adds more between two microtasks: they go in one write.
   * Without it, what one microtask queued goes at its end.
   */
  gathers?: boolean;
  /** Called whenever the kernel has taken bytes. */
  onTaken?: () => void;
  /** Called when a write left bytes with the socket. */
  onBlocked?: () => void;
}

/** Texts that may have more bytes than this are counted. */
const EXACT_FROM = 8 * 1024;
/** UTF-8 bytes that one UTF-16 unit can take. */
const MAX_BYTES_PER_UNIT = 3;
/** Queued bytes that wait for no more to come. */
const ENOUGH_TO_WRITE = 32 * 1024;

/**
 * Collects frames in one buffer and writes them with one call a microtask, or as soon as the last write has
 * drained. Two buffers take turns: one is the socket's while it is being written, the other is filled
 * meanwhile. Both are borrowed, so that an idle connection holds none.
 */
export class FrameWriter {
  readonly #options: FrameWriterOptions;
  #buffer: Buffer | undefined;
  #length = 0;
  /** What the socket holds, when it was borrowed. */
  #lent: Buffer | undefined;
  #lentLength = 0;
  /** Bytes of the last write: the next may be as long. */
  #usual = 0;
  #scheduled = false;
  /** Bytes that were queued at the last look. */
  #seen = 0;

  /** @param options kept as they are: one object may be an owner and its writer's options */
  constructor(options: FrameWriterOptions) {
    this.#options = options;
  }

  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#length + this.#lentLength;
  }

  /** True while the socket holds memory that it could not write at once. */
  get blocked(): boolean {
    return this.#lentLength > 0;
  }

  /**
   * Queues one JSON text.
   *
   * @throws {FrameError} when the peer would refuse it as too large, too deep or with too many keys; nothing
   * is queued then
   */
  push(json: string): void {
    // An upper bound serves for small texts; a large one is counted before memory is taken for it.
    const most = json.length * MAX_BYTES_PER_UNIT;
    const bound = most <= EXACT_FROM ? most : Buffer.byteLength(json);
    if (bound > this.#maxFrameBytes) this.#checkSize(Buffer.byteLength(json));
    const buffer = this.#reserve(bound + LENGTH_BYTES);
    const start = this.#textStart;
    const end = start + buffer.write(json, start, "utf8");
    scanJson(buffer, start, end);
    this.#endFrame(buffer, start, end);
  }

  /**
   * As {@link push}, for the message that `envelope` makes of an id and its data.
   *
   * @param id ASCII that a JSON string may contain as it is
   * @param data JSON text
   */
  pushIn(envelope: Envelope, id: string, data: string): void {
    const bound = envelope.bound(id, data);
    if (bound > EXACT_FROM || bound > this.#maxFrameBytes) return this.push(envelope.text(id, data));
    const buffer = this.#reserve(bound + LENGTH_BYTES);
    const start = this.#textStart;
    this.#endFrame(buffer, start, envelope.write(buffer, start, id, data));
  }

  get #textStart(): number {
    return this.#length + (this.#options.framing === "length" ? LENGTH_BYTES : 0);
  }

  #endFrame(buffer: Buffer, start: number, end: number): void {
    if (this.#options.framing === "length") {
      buffer.writeUInt32LE(end - start, this.#length);
      this.#length = end;
    } else {
      buffer[end] = NEWLINE;
      this.#length = end + 1;
    }
    this.#schedule();
  }

  get #maxFrameBytes(): number {
    return Math.min(this.#options.maxFrameBytes ?? LIMITS.frame, LIMITS.frameCeiling);
  }

  /** Writes bytes that will not change, without a copy when nothing is queued before them. */
  pushShared(bytes: Buffer): void {
    if (this.queuedBytes > 0) this.pushRaw(bytes);
    else this.#give(bytes, undefined);
  }

  /** Queues bytes as they are. */
  pushRaw(bytes: Uint8Array): void {
    this.#reserve(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
    this.#schedule();
  }

  /** The socket has written what it held. */
  drained(): void {
    if (this.#lentLength === 0) return;
    this.#takeBack();
    if (this.#length > 0) this.flush();
    this.#options.onTaken?.();
  }

  /** Writes now what is queued, unless the last write has still to drain. */
  flush(): void {
    const buffer = this.#buffer;
    const length = this.#length;
    if (this.blocked || length === 0 || buffer === undefined) return;
    this.#buffer = undefined;
    this.#length = 0;
    this.#usual = length;
    this.#give(buffer.subarray(0, length), buffer);
  }

  #give(bytes: Buffer, borrowed: Buffer | undefined): void {
    this.#lent = borrowed;
    this.#lentLength = bytes.length;
    if (!this.#options.write(bytes)) return this.#options.onBlocked?.();
    this.#takeBack();
    this.#options.onTaken?.();
  }

  #takeBack(): void {
    if (this.#lent !== undefined) returnBuffer(this.#lent);
    this.#lent = undefined;
    this.#lentLength = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.blocked) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#writeSoon());
  }

  #writeSoon(): void {
    if (this.#options.gathers === true && this.#length > this.#seen && this.#length < ENOUGH_TO_WRITE) {
      this.#seen = this.#length;
      queueMicrotask(() => this.#writeSoon());
      return;
    }
    this.#scheduled = false;
    this.#seen = 0;
    this.flush();
  }

  #reserve(size: number): Buffer {
    const needed = this.#length + size;
    const buffer = this.#buffer;
    if (buffer !== undefined && needed <= buffer.length) return buffer;
    if (buffer === undefined) return this.#buffer = borrowBuffer(Math.max(needed, this.#usual));
    const grown = borrowBuffer(Math.max(needed, buffer.length * 2));
    buffer.copy(grown, 0, 0, this.#length);
    returnBuffer(buffer);
    return this.#buffer = grown;
  }

  #checkSize(bytes: number): void {
    if (bytes <= this.#maxFrameBytes) return;
    throw new FrameError(
      "too-large",
      `message of ${bytes} bytes; at most ${this.#maxFrameBytes} are allowed`,
    );
  }
}
