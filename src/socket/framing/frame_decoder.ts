import { Buffer } from "node:buffer";
import { LIMITS } from "../limits.ts";
import { FrameError } from "./frame_error.ts";
import { detectFraming, type Framing, LENGTH_BYTES, NEWLINE } from "./framing.ts";
import { borrowBuffer, returnBuffer } from "./output_buffers.ts";

export interface FrameDecoderOptions {
  /** Bytes of one frame; at most 16 MiB − 1. */
  maxFrameBytes?: number;
  /** Known on the side that chose it; otherwise told by the first four bytes. */
  framing?: Framing;
}

/** Called for each frame with the bytes from `start` to `end`, which are valid during the call only. */
export type OnFrame = (bytes: Buffer, start: number, end: number) => void;

/** While no frame is incomplete. */
const NO_TAIL = Buffer.alloc(0);

/**
 * Cuts a stream of chunks into frames, wherever the chunks begin and end. Frames are handed on from the chunk
 * itself; only an incomplete last frame is copied, into memory that grows with what has arrived, never with
 * what a length claims.
 */
export class FrameDecoder {
  /** May be changed between frames (a peer that has said hello may send more). */
  maxFrameBytes: number;
  #framing: Framing | undefined;
  #tail: Buffer = NO_TAIL;
  #tailLength = 0;
  #frames = 0;
  #stopped = false;

  constructor(options: FrameDecoderOptions = {}) {
    this.maxFrameBytes = Math.min(options.maxFrameBytes ?? LIMITS.frame, LIMITS.frameCeiling);
    this.#framing = options.framing;
  }

  /** Undefined until four bytes have arrived. */
  get framing(): Framing | undefined {
    return this.#framing;
  }

  /** True while a frame has begun and not ended. */
  get partial(): boolean {
    return this.#tailLength > 0;
  }

  /** Frames so far, empty ones included. */
  get frames(): number {
    return this.#frames;
  }

  /** No further frame is handed on, not even of the chunk at hand. */
  stop(): void {
    this.#stopped = true;
  }

  /** @throws {FrameError} when a frame is larger than allowed; the decoder is of no use after it */
  push(chunk: Buffer, onFrame: OnFrame): void {
    let bytes = chunk;
    if (this.#framing === undefined) {
      if (this.#tailLength + bytes.length < LENGTH_BYTES) return this.#keep(bytes, 0);
      if (this.#tailLength > 0) {
        // Only here are a few bytes copied for a second time: the beginning of the connection came in crumbs.
        bytes = Buffer.concat([this.#tail.subarray(0, this.#tailLength), bytes]);
        this.#tailLength = 0;
      }
      this.#framing = detectFraming(bytes[LENGTH_BYTES - 1] ?? 0);
    }
    if (this.#framing === "length") this.#pushLengths(bytes, onFrame);
    else this.#pushLines(bytes, onFrame);
  }

  /**
   * Fewer than four bytes do not tell the framing. When no more follow and the last of them is a newline,
   * they are a short line; to be called when the peer has paused.
   *
   * @throws {FrameError} as {@link FrameDecoder.push}
   */
  settle(onFrame: OnFrame): void {
    if (this.#framing !== undefined || this.#tail[this.#tailLength - 1] !== NEWLINE) return;
    this.#framing = "lines";
    const line = Buffer.from(this.#tail.subarray(0, this.#tailLength));
    this.#tailLength = 0;
    this.#pushLines(line, onFrame);
  }

  /**
   * No more bytes follow: a last line may lack its newline.
   *
   * @throws {FrameError} as {@link FrameDecoder.push}
   */
  end(onFrame: OnFrame): void {
    if (this.#framing === "lines" && this.partial) this.push(Buffer.of(NEWLINE), onFrame);
    else this.settle(onFrame);
  }

  #pushLengths(chunk: Buffer, onFrame: OnFrame): void {
    let at = this.#tailLength === 0 ? 0 : this.#completeLength(chunk, onFrame);
    const end = chunk.length;
    while (end - at >= LENGTH_BYTES && !this.#stopped) {
      const length = readLength(chunk, at);
      this.#check(length);
      const next = at + LENGTH_BYTES + length;
      if (next > end) break;
      this.#frames++;
      if (length > 0) onFrame(chunk, at + LENGTH_BYTES, next);
      at = next;
    }
    this.#keep(chunk, at);
  }

  /** Adds to the kept beginning of a frame what it lacks. Gives how much of the chunk that took. */
  #completeLength(chunk: Buffer, onFrame: OnFrame): number {
    let at = 0;
    if (this.#tailLength < LENGTH_BYTES) {
      at = Math.min(LENGTH_BYTES - this.#tailLength, chunk.length);
      this.#append(chunk, 0, at);
      if (this.#tailLength < LENGTH_BYTES) return at;
    }
    const length = readLength(this.#tail, 0);
    this.#check(length);
    const lacking = LENGTH_BYTES + length - this.#tailLength;
    const taken = Math.min(lacking, chunk.length - at);
    this.#append(chunk, at, at + taken);
    if (taken === lacking) this.#emitTail(LENGTH_BYTES, onFrame);
    return at + taken;
  }

  #pushLines(chunk: Buffer, onFrame: OnFrame): void {
    let at = 0;
    if (this.#tailLength > 0) {
      const newline = chunk.indexOf(NEWLINE);
      const stop = newline === -1 ? chunk.length : newline;
      this.#check(this.#tailLength + stop);
      this.#append(chunk, 0, stop);
      if (newline === -1) return;
      this.#emitTail(0, onFrame);
      at = newline + 1;
    }
    while (at < chunk.length && !this.#stopped) {
      const newline = chunk.indexOf(NEWLINE, at);
      if (newline === -1) {
        this.#check(chunk.length - at);
        break;
      }
      this.#check(newline - at);
      this.#frames++;
      if (newline > at && !isBlank(chunk, at, newline)) onFrame(chunk, at, newline);
      at = newline + 1;
    }
    this.#keep(chunk, at);
  }

  #emitTail(start: number, onFrame: OnFrame): void {
    const end = this.#tailLength;
    const bytes = this.#tail;
    this.#tailLength = 0;
    this.#tail = NO_TAIL;
    this.#frames++;
    const blank = this.#framing === "lines" && isBlank(bytes, start, end);
    if (end > start && !blank && !this.#stopped) onFrame(bytes, start, end);
    returnBuffer(bytes);
  }

  #keep(chunk: Buffer, from: number): void {
    if (from < chunk.length && !this.#stopped) this.#append(chunk, from, chunk.length);
  }

  #append(chunk: Buffer, from: number, to: number): void {
    const needed = this.#tailLength + to - from;
    if (needed > this.#tail.length) {
      const grown = borrowBuffer(Math.max(needed, this.#tail.length * 2));
      this.#tail.copy(grown, 0, 0, this.#tailLength);
      if (this.#tail !== NO_TAIL) returnBuffer(this.#tail);
      this.#tail = grown;
    }
    chunk.copy(this.#tail, this.#tailLength, from, to);
    this.#tailLength = needed;
  }

  #check(length: number): void {
    if (length <= this.maxFrameBytes) return;
    throw new FrameError(
      "too-large",
      `Frame of ${this.#framing === "length" ? length : `more than ${this.maxFrameBytes}`} bytes; ` +
        `at most ${this.maxFrameBytes} are allowed`,
    );
  }
}

function readLength(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 |
    (bytes[at + 3] ?? 0) << 24) >>> 0;
}

/** A line that ends in CR LF and holds nothing else is as empty as one without the CR. */
function isBlank(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === 0x0d;
}
