import { LIMITS } from "../socket/limits.ts";
import { type Around, textLength } from "../socket/framing/envelope.ts";
import type { FrameWriter } from "../socket/framing/frame_writer.ts";
import { ACCEPTED, WaitingSends } from "./waiting_sends.ts";

/** A text, and what goes around it. */
export interface Outgoing {
  /** Of a whole number, the number. */
  readonly json: string | number;
  readonly around?: Around;
}

/**
 * Backpressure of the sending side. Below the soft limit a message goes into the writer's buffer at once.
 * Above it messages wait here, in order, until the socket has drained; a caller that does not wait for its
 * sends meets the hard limit.
 */
export class Outbox {
  readonly #writer: FrameWriter;
  readonly #waiting: WaitingSends<Outgoing>;

  constructor(writer: FrameWriter, name: string) {
    this.#writer = writer;
    this.#waiting = new WaitingSends(name, () => writer.queuedBytes);
  }

  /** Bytes that the kernel has not taken yet, waiting messages included. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes + this.#waiting.bytes;
  }

  /** Undefined: accepted at once. */
  push(outgoing: Outgoing, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.#writer.queuedBytes < LIMITS.outputSoft) {
      this.#writer.push(outgoing.json, outgoing.around);
      return undefined;
    }
    return this.#waiting.add(outgoing, textLength(outgoing.json), signal);
  }

  /** The kernel has taken bytes: those that wait may go on. */
  admit(): void {
    this.#waiting.admit(({ json, around }) => {
      if (this.#writer.queuedBytes >= LIMITS.outputSoft) return undefined;
      this.#writer.push(json, around);
      return ACCEPTED;
    });
  }

  /** Nothing that waits will be sent. */
  rejectWaiting(reason: Error): void {
    this.#waiting.rejectAll(reason);
  }
}
