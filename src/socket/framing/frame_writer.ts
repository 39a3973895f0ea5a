import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { LIMITS } from "../limits.ts";
import {
  type Around,
  type Envelope,
  NOTHING_AROUND,
  putBytes,
  putNumber,
  putText,
  textLength,
} from "./envelope.ts";
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
/** The same of requests and answers: their receiver works on them while more are made. */
const REQUESTS_TO_WRITE = 8 * 1024;
/** Microtasks in a row that found more queued, after which the sender is left alone until the turn ends. */
const LOOKS = 8;
/** A buffer that lacks room and is not smaller than this stays as it is, and the next takes its place. */
const LARGE_BUFFER = 64 * 1024;

/**
 * Collects frames in a buffer and writes them with one call a microtask, or as soon as the last write has
 * drained. One buffer is the socket's while it is being written, another is filled meanwhile; large ones that
 * are full wait between them. All are borrowed, so that an idle connection holds none.
 */
export class FrameWriter {
  readonly #options: FrameWriterOptions;
  #buffer: Buffer | undefined;
  #length = 0;
  /** Buffers that are full, each with its length, and the bytes of all. */
  readonly #full: { buffer: Buffer; length: number }[] = [];
  #fullLength = 0;
  /** What the socket holds, when it was borrowed. */
  #lent: Buffer | undefined;
  #lentLength = 0;
  /** Bytes of the last write: the next may be as long. */
  #usual = 0;
  #scheduled = false;
  /** Bytes that were queued at the last look, and how many looks found more. */
  #seen = 0;
  #looks = 0;
  /** The sender goes on after the last look: what it queues goes when it is enough, or when the turn ends. */
  #streaming = false;

  /** @param options kept as they are: one object may be an owner and its writer's options */
  constructor(options: FrameWriterOptions) {
    this.#options = options;
  }

  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#length + this.#fullLength + this.#lentLength;
  }

  /** True while the socket holds memory that it could not write at once. */
  get blocked(): boolean {
    return this.#lentLength > 0;
  }

  /**
   * Queues one JSON text, as it is or with what goes around it.
   *
   * @param json a text, or a whole number from 0 on
   * @throws {FrameError} when the peer would refuse it as too large, too deep or with too many keys; nothing
   * is queued then
   */
  push(json: string | number, { head, tail, limits }: Around = NOTHING_AROUND): void {
    const around = head.length + tail.length;
    // An upper bound serves for small texts; a large one is counted before memory is taken for it.
    const most = textLength(json) * MAX_BYTES_PER_UNIT;
    const bound = around + (most <= EXACT_FROM ? most : Buffer.byteLength(`${json}`));
    if (bound > this.#maxFrameBytes) this.#checkSize(around + Buffer.byteLength(`${json}`));
    const buffer = this.#reserve(bound + LENGTH_BYTES);
    const start = this.#textStart;
    const from = putBytes(buffer, start, head);
    const end = typeof json === "number" ? putNumber(buffer, from, json) : putText(buffer, from, json);
    if (limits !== undefined && typeof json === "string") scanJson(buffer, from, end, limits);
    this.#endFrame(buffer, start, putBytes(buffer, end, tail));
  }

  /**
   * As {@link push}, for the message that `envelope` makes of an id and its data; what is queued by then is
   * written when it is much.
   *
   * @param id ASCII that a JSON string may contain as it is, or a number from 1 on
   * @param data JSON text
   */
  pushIn(envelope: Envelope, id: string | number, data: string): void {
    const bound = envelope.bound(id, data);
    if (bound > EXACT_FROM || bound > this.#maxFrameBytes) return this.push(envelope.text(id, data));
    const buffer = this.#reserve(bound + LENGTH_BYTES);
    const start = this.#textStart;
    this.#endFrame(buffer, start, envelope.write(buffer, start, id, data));
    if (this.#length >= REQUESTS_TO_WRITE) this.flush();
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
    this.flush();
    this.#options.onTaken?.();
  }

  /** Writes now what is queued, unless the last write has still to drain. */
  flush(): void {
    while (!this.blocked && this.#fullLength + this.#length > 0) {
      if (this.#fullLength === 0) this.#setAside();
      const full = this.#full.shift();
      if (full === undefined) return;
      const { buffer, length } = full;
      this.#fullLength -= length;
      this.#usual = length;
      this.#give(buffer.subarray(0, length), buffer);
    }
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
    if (this.#scheduled) {
      if (!this.#streaming || this.#length < ENOUGH_TO_WRITE) return;
      this.#streaming = false;
      queueMicrotask(() => this.#write());
      return;
    }
    if (this.blocked) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#writeSoon());
  }

  #writeSoon(): void {
    if (this.#options.gathers !== true || this.#length === this.#seen || this.#length >= ENOUGH_TO_WRITE) {
      return this.#write();
    }
    this.#seen = this.#length;
    if (++this.#looks <= LOOKS) return queueMicrotask(() => this.#writeSoon());
    this.#streaming = true;
    setImmediate(() => this.#write());
  }

  #write(): void {
    this.#scheduled = false;
    this.#seen = this.#looks = 0;
    this.flush();
  }

  /** Memory for so many bytes more, behind what is queued. */
  #reserve(size: number): Buffer {
    const needed = this.#length + size;
    const buffer = this.#buffer;
    if (buffer !== undefined) {
      if (needed <= buffer.length) return buffer;
      if (buffer.length < LARGE_BUFFER) {
        const grown = borrowBuffer(Math.max(needed, buffer.length * 2));
        buffer.copy(grown, 0, 0, this.#length);
        returnBuffer(buffer);
        return this.#buffer = grown;
      }
      this.#setAside();
    }
    return this.#buffer = borrowBuffer(Math.max(size, this.#usual));
  }

  #setAside(): void {
    if (this.#buffer === undefined) return;
    if (this.#length === 0) returnBuffer(this.#buffer);
    else this.#full.push({ buffer: this.#buffer, length: this.#length });
    this.#fullLength += this.#length;
    this.#buffer = undefined;
    this.#length = 0;
  }

  #checkSize(bytes: number): void {
    if (bytes <= this.#maxFrameBytes) return;
    throw new FrameError(
      "too-large",
      `message of ${bytes} bytes; at most ${this.#maxFrameBytes} are allowed`,
    );
  }
}
