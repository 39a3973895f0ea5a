import { Buffer } from "node:buffer";
import { FrameError } from "./frame_error.ts";

const FORM_FEED = 0x0c;

/**
 * Cuts a stream of chunks into frames that end with a form feed, as node-ipc's do. JSON escapes one inside of
 * a text.
 */
export class FormFeedDecoder {
  readonly #maxFrameBytes: number;
  #tail: Buffer[] = [];
  #length = 0;
  #stopped = false;
  #frames = 0;

  constructor({ maxFrameBytes }: { maxFrameBytes: number }) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** True while a frame has begun and not ended. */
  get partial(): boolean {
    return this.#length > 0;
  }

  /** Frames so far, empty ones included. */
  get frames(): number {
    return this.#frames;
  }

  /** @throws {FrameError} when a frame is larger than allowed; the decoder is of no use after it */
  push(chunk: Buffer, onFrame: (bytes: Buffer, start: number, end: number) => void): void {
    let from = 0;
    for (let at = chunk.indexOf(FORM_FEED); at >= 0 && !this.#stopped; at = chunk.indexOf(FORM_FEED, from)) {
      this.#check(at - from);
      this.#frames++;
      if (this.#tail.length === 0) {
        if (at > from) onFrame(chunk, from, at);
      } else {
        const whole = Buffer.concat([...this.#tail, chunk.subarray(from, at)]);
        this.#tail = [];
        this.#length = 0;
        onFrame(whole, 0, whole.length);
      }
      from = at + 1;
    }
    if (from === chunk.length || this.#stopped) return;
    this.#check(chunk.length - from);
    this.#length += chunk.length - from;
    // A copy: the runtime uses the chunk's memory again.
    this.#tail.push(Buffer.from(chunk.subarray(from)));
  }

  /** No more bytes follow: a last frame may lack its form feed. @throws {FrameError} as `push` does */
  end(onFrame: (bytes: Buffer, start: number, end: number) => void): void {
    if (this.partial) this.push(Buffer.of(FORM_FEED), onFrame);
  }

  stop(): void {
    this.#stopped = true;
    this.#tail = [];
  }

  #check(more: number): void {
    if (this.#length + more <= this.#maxFrameBytes) return;
    throw new FrameError("too-large", `Frame is longer than ${this.#maxFrameBytes} bytes`);
  }
}
