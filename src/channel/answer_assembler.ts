import { Buffer } from "node:buffer";
import type { Message } from "../protocol/envelope.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { ANSWER, decodeJsonText } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";

interface Begun {
  texts: string[];
  bytes: number;
}

/** The receiving side of answers in parts, of one connection; parts of several answers may alternate. */
export class AnswerAssembler {
  readonly #maxBytes: number;
  readonly #begun = new Map<string, Begun>();
  #held = 0;

  /** @param maxBytes of all answers together that have begun and not ended */
  constructor(maxBytes: number = LIMITS.answer) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the parts that it holds. */
  get held(): number {
    return this.#held;
  }

  /** @throws {FrameError} when the part is not the next one, or more than may be held */
  add(id: string, { index, data }: Message): void {
    const answer = this.#begun.get(id) ?? { texts: [], bytes: 0 };
    if (typeof data !== "string" || data === "" || index !== answer.texts.length) {
      throw new FrameError(
        "wrong-part",
        `Part ${index} of the answer to "${id}" is not part ${answer.texts.length}, which is the next`,
      );
    }
    const bytes = Buffer.byteLength(data);
    if (this.#held + bytes > this.#maxBytes) {
      throw new FrameError(
        "too-large",
        `Answers in parts have more than the ${this.#maxBytes} bytes that are allowed`,
      );
    }
    answer.texts.push(data);
    answer.bytes += bytes;
    this.#held += bytes;
    this.#begun.set(id, answer);
  }

  /**
   * The data of an answer whose last part has come.
   *
   * @param parts how many there were, as the response says
   * @throws {FrameError} when parts are missing, or their text is not one to be parsed
   */
  finish(id: string, parts: number): unknown {
    const texts = this.#begun.get(id)?.texts ?? [];
    this.drop(id);
    if (texts.length !== parts || parts === 0) {
      throw new FrameError(
        "wrong-part",
        `The answer to "${id}" has ${parts} parts, and ${texts.length} have come`,
      );
    }
    return decodeJsonText(texts.join(""), ANSWER);
  }

  /** Forgets what has come of an answer. */
  drop(id: string): void {
    if (this.#begun.size === 0) return;
    this.#held -= this.#begun.get(id)?.bytes ?? 0;
    this.#begun.delete(id);
  }
}
