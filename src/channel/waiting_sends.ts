import { LIMITS } from "../socket/limits.ts";
import { SendFailed } from "./errors.ts";

/** Sent at once; one promise for all. */
export const ACCEPTED: Promise<void> = Promise.resolve();

interface Waiting<T> {
  readonly item: T;
  readonly bytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Sends that wait for room, in the order in which they were made. Each can be given up, and is then certain
 * not to be sent.
 */
export class WaitingSends<T> {
  readonly #name: string;
  readonly #queuedBelow: () => number;
  readonly #waiting = new Set<Waiting<T>>();
  #bytes = 0;
  #admitting = false;

  /**
   * @param name the channel's, for error texts
   * @param queuedBelow bytes that were accepted and count for the same limit
   */
  constructor(name: string, queuedBelow: () => number = () => 0) {
    this.#name = name;
    this.#queuedBelow = queuedBelow;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Of all that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param bytes memory that the channel holds while the item waits
   * @throws {SendFailed} when so much waits already that its sender cannot have waited for it
   */
  add(item: T, bytes: number, signal: AbortSignal | undefined): Promise<void> {
    // One may always wait, however long it is: a caller that waits for each send never meets the limits.
    if (this.#waiting.size > 0 && this.#queuedBelow() + this.#bytes + bytes > LIMITS.outputHard) {
      throw this.#full(`${LIMITS.outputHard} bytes`);
    }
    if (this.#waiting.size >= LIMITS.waitingSends) throw this.#full(`${LIMITS.waitingSends} messages`);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#remove(waiting);
        reject(signal?.reason);
      };
      const settled = () => signal?.removeEventListener("abort", abort);
      const waiting: Waiting<T> = {
        item,
        bytes,
        resolve: () => {
          settled();
          resolve();
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiting);
      this.#bytes += bytes;
    });
  }

  /**
   * @param place takes an item, or gives undefined while there is no room; what it throws is that one send's
   * failure
   */
  admit(place: (item: T) => Promise<void> | undefined): void {
    // Who is given an item may take from the channel in the same call, which makes room: this loop sees it.
    if (this.#admitting) return;
    this.#admitting = true;
    try {
      this.#admit(place);
    } finally {
      this.#admitting = false;
    }
  }

  /** Nothing that waits will be sent. */
  rejectAll(reason: Error): void {
    for (const waiting of [...this.#waiting]) {
      this.#remove(waiting);
      waiting.reject(reason);
    }
  }

  #admit(place: (item: T) => Promise<void> | undefined): void {
    for (const waiting of this.#waiting) {
      try {
        const placed = place(waiting.item);
        if (placed === undefined) return;
        this.#remove(waiting);
        if (placed === ACCEPTED) waiting.resolve();
        else placed.then(waiting.resolve, waiting.reject);
      } catch (error) {
        this.#remove(waiting);
        waiting.reject(error);
      }
    }
  }

  #remove(waiting: Waiting<T>): void {
    if (this.#waiting.delete(waiting)) this.#bytes -= waiting.bytes;
  }

  #full(limit: string): SendFailed {
    return new SendFailed(`Output queue of channel "${this.#name}" is full (${limit})`, {
      next: "Wait for each send before the next one",
    });
  }
}
