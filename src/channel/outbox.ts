import { LIMITS } from "../socket/limits.ts";
import { type Around, type Envelope, textLength } from "../socket/framing/envelope.ts";
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
    if (this.#hasRoom) {
      this.#writer.push(outgoing.json, outgoing.around);
      return undefined;
    }
    return this.#waiting.add(outgoing, textLength(outgoing.json), signal);
  }

  /** As {@link push}, for the message that `envelope` makes; see {@link FrameWriter.pushIn}. */
  pushIn(
    envelope: Envelope,
    id: string | number,
    data: string,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    if (!this.#hasRoom) return this.push({ json: envelope.text(id, data) }, signal);
    this.#writer.pushIn(envelope, id, data);
    return undefined;
  }

  get #hasRoom(): boolean {
    return this.#waiting.size === 0 && this.#writer.queuedBytes < LIMITS.outputSoft;
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
