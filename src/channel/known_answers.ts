/**
 * The data of answers that came before. A program that asks again and again mostly hears the same: comparing
 * a short text with the last one of its length and copying that one's value takes a fifth of reading it.
 */
import { Buffer } from "node:buffer";
import { decodeJson } from "../socket/framing/json_text.ts";
import { IN_ANSWER } from "./plain_answer.ts";
import { isAt } from "./plain_text.ts";

interface Known {
  readonly bytes: Buffer;
  /** Given to no caller: each gets a copy. */
  value: unknown;
  /** After texts that did not repeat, so many of this length are not remembered. */
  pause: number;
  left: number;
}

/** Bytes. */
const LONGEST = 256;
const LONGEST_PAUSE = 64;

export class KnownAnswers {
  /** By the length of their texts. */
  readonly #known: (Known | undefined)[] = [];

  /**
   * The value of an answer's data, which is the caller's own.
   *
   * @throws {FrameError} as {@link decodeJson}
   */
  read(bytes: Buffer, from: number, to: number): unknown {
    const known = this.#known[to - from];
    if (known === undefined || !isAt(bytes, from, known.bytes)) return this.#readNew(bytes, from, to);
    known.pause = 0;
    const { value } = known;
    return typeof value === "object" && value !== null ? { ...value } : value;
  }

  #readNew(bytes: Buffer, from: number, to: number): unknown {
    const value = decodeJson(bytes, from, to, IN_ANSWER);
    if (to - from <= LONGEST && isFlat(value)) this.#remember(bytes.subarray(from, to), value);
    return value;
  }

  #remember(bytes: Buffer, value: unknown): void {
    const copy = typeof value === "object" && value !== null ? { ...value } : value;
    const known = this.#known[bytes.length];
    if (known === undefined) {
      this.#known[bytes.length] = { bytes: Buffer.from(bytes), value: copy, pause: 0, left: 0 };
    } else if (known.left > 0) {
      known.left--;
    } else {
      known.pause = known.left = Math.min(LONGEST_PAUSE, known.pause * 2 + 1);
      known.bytes.set(bytes);
      known.value = copy;
    }
  }
}

/** Whether a spread copies all of it. */
function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return !Array.isArray(value) &&
    Object.values(value).every((one) => typeof one !== "object" || one === null);
}
