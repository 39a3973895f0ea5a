import { setImmediate } from "node:timers";
import { type AnswerSize, PartedAnswer } from "../channel/parted_answer.ts";
import type { Message } from "../protocol/envelope.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { LIMITS } from "../socket/limits.ts";

export interface AnswerQueueHost {
  /** Queues a part, or the response after them, on the connection. */
  send(message: Message): void;
  /** Whether the socket has taken what was sent; {@link AnswerQueue.drained} is called when it has. */
  ready(): boolean;
  maxFrameBytes(): number;
}

interface Leaving {
  answer: PartedAnswer;
  onEnd: (sent: boolean) => void;
}

/**
 * Answers of one connection that leave in parts: one part a turn of the event loop, of each answer in turn,
 * and only while the socket takes them. Whatever else is sent meanwhile waits for one part at most.
 */
export class AnswerQueue {
  readonly #host: AnswerQueueHost;
  readonly #maxBytes: number;
  readonly #leaving = new Map<string, Leaving>();
  #bytes = 0;
  #scheduled = false;

  /** @param maxBytes of all answers together that have not left yet */
  constructor(host: AnswerQueueHost, maxBytes: number = LIMITS.answer) {
    this.#host = host;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#leaving.size;
  }

  has(id: string): boolean {
    return this.#leaving.has(id);
  }

  /**
   * @param data the JSON text of the answer's data
   * @param options.size undefined when that is not known
   * @param options.onEnd called when the last part is queued on the connection, or the answer was dropped
   * @throws {FrameError} when there is no room for it
   */
  add(
    id: string,
    data: string,
    { size, onEnd }: { size: AnswerSize | undefined; onEnd: (sent: boolean) => void },
  ): void {
    const answer = new PartedAnswer(id, data, { maxFrameBytes: this.#host.maxFrameBytes(), size });
    if (this.#bytes + answer.bytes > this.#maxBytes) {
      throw new FrameError(
        "too-large",
        `answers that are on their way would have more than ${this.#maxBytes} bytes together`,
      );
    }
    this.#bytes += answer.bytes;
    this.#leaving.set(id, { answer, onEnd });
    this.#go();
  }

  /** The socket has taken what was sent. The next part goes before events that wait for the same. */
  drained(): void {
    this.#sendPart();
    this.#go();
  }

  /** Sends no more of an answer. @returns false when none with this id is on its way */
  drop(id: string): boolean {
    const leaving = this.#leaving.get(id);
    if (leaving !== undefined) this.#end(id, leaving, false);
    return leaving !== undefined;
  }

  /** The connection has ended. */
  clear(): void {
    this.#leaving.clear();
    this.#bytes = 0;
  }

  #go(): void {
    if (this.#scheduled || this.#leaving.size === 0 || !this.#host.ready()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#host.ready()) return;
      this.#sendPart();
      this.#go();
    });
  }

  #sendPart(): void {
    const [first] = this.#leaving;
    if (first === undefined) return;
    const [id, leaving] = first;
    this.#host.send(leaving.answer.next());
    // Sending may have ended the connection.
    if (!this.#leaving.delete(id)) return;
    if (leaving.answer.ended) this.#end(id, leaving, true);
    else this.#leaving.set(id, leaving);
  }

  #end(id: string, { answer, onEnd }: Leaving, sent: boolean): void {
    this.#leaving.delete(id);
    this.#bytes -= answer.bytes;
    onEnd(sent);
  }
}
