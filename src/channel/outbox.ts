import { LIMITS } from "../socket/limits.ts";
import type { FrameWriter } from "../socket/framing/frame_writer.ts";
import { SendFailed } from "./errors.ts";

interface Waiting {
  json: string;
  accept(): void;
  reject(error: unknown): void;
}

/**
 * Backpressure of the sending side. Below the soft limit a message goes into the writer's buffer at once. Above it
 * messages wait here, in order, until the socket has drained; a caller that does not wait for its sends meets the hard
 * limit.
 */
export class Outbox {
  readonly #writer: FrameWriter;
  readonly #name: string;
  readonly #waiting = new Set<Waiting>();
  #waitingBytes = 0;

  constructor(writer: FrameWriter, name: string) {
    this.#writer = writer;
    this.#name = name;
  }

  /** Bytes that the kernel has not taken yet, waiting messages included. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes + this.#waitingBytes;
  }

  /** Undefined: accepted at once. */
  push(json: string, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.#writer.queuedBytes < LIMITS.outputSoft) {
      this.#writer.push(json);
      return undefined;
    }
    // One may always wait, however long it is: a caller that waits for each send never meets the limit.
    if (this.#waiting.size > 0 && this.queuedBytes + json.length > LIMITS.outputHard) {
      throw new SendFailed(`Output queue of channel "${this.#name}" is full (${LIMITS.outputHard} bytes)`, {
        next: "Wait for each send before the next one",
      });
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#remove(waiting);
        reject(signal?.reason);
      };
      const waiting: Waiting = {
        json,
        accept: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
        reject: (error) => {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiting);
      this.#waitingBytes += json.length;
    });
  }

  /** The kernel has taken bytes: those that wait may go on. */
  admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#writer.queuedBytes >= LIMITS.outputSoft) return;
      this.#remove(waiting);
      try {
        this.#writer.push(waiting.json);
        waiting.accept();
      } catch (error) {
        waiting.reject(error);
      }
    }
  }

  /** Nothing that waits will be sent. */
  rejectWaiting(reason: Error): void {
    for (const waiting of [...this.#waiting]) {
      this.#remove(waiting);
      waiting.reject(reason);
    }
  }

  #remove(waiting: Waiting): void {
    if (this.#waiting.delete(waiting)) this.#waitingBytes -= waiting.json.length;
  }
}
