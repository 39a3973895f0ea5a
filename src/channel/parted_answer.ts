/**
 * The sending side of an answer that is larger than a frame. The JSON text of its data goes as messages of
 * type `part`, and the response after them says in `parts` how many there were, in place of `data`.
 */
import { Buffer } from "node:buffer";
import { FrameError } from "../socket/framing/frame_error.ts";
import { ANSWER, scanJson } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";

/** What a part has around its id and its text: `{"type":"part","id":,"index":,"data":""}` and a number. */
const AROUND = 64;
/** A JSON string has at most two bytes for each byte of a JSON text, which has no raw control characters. */
const ESCAPED = 2;
/** Smaller parts are not worth their envelopes. */
const SMALLEST_PART = 1024;

/** Whether a message was refused for its size alone, so that parts of it would pass. */
export function isTooLargeForFrame(error: unknown): boolean {
  return error instanceof FrameError && (error.kind === "too-large" || error.kind === "too-many-keys");
}

export class PartedAnswer {
  readonly #id: string;
  readonly #text: Buffer;
  readonly #partBytes: number;
  #sent = 0;
  #parts = 0;
  #ended = false;

  /**
   * @param data the JSON text of the answer's data
   * @throws {FrameError} when the answer is larger than its receiver would take
   */
  constructor(id: string, data: string, { maxFrameBytes }: { maxFrameBytes: number }) {
    this.#id = JSON.stringify(id);
    const room = Math.floor((maxFrameBytes - Buffer.byteLength(this.#id) - AROUND) / ESCAPED);
    this.#partBytes = Math.min(room, LIMITS.answerPart);
    const bytes = Buffer.byteLength(data);
    if (bytes > LIMITS.answer || this.#partBytes < SMALLEST_PART) {
      throw new FrameError("too-large", `answer of ${bytes} bytes; at most ${LIMITS.answer} are allowed`);
    }
    this.#text = Buffer.from(data);
    scanJson(this.#text, 0, bytes, ANSWER);
  }

  /** Bytes of its text, which it holds until it has ended. */
  get bytes(): number {
    return this.#text.length;
  }

  /** Whether the response has been given out, too. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next message's JSON text, the response being the last. */
  next(): string {
    if (this.#sent === this.#text.length) {
      this.#ended = true;
      return `{"type":"response","id":${this.#id},"parts":${this.#parts}}`;
    }
    const end = characterStart(this.#text, Math.min(this.#sent + this.#partBytes, this.#text.length));
    const text = JSON.stringify(this.#text.toString("utf8", this.#sent, end));
    this.#sent = end;
    return `{"type":"part","id":${this.#id},"index":${this.#parts++},"data":${text}}`;
  }
}

/** The last index up to `at` that is not inside of a character. */
function characterStart(bytes: Buffer, at: number): number {
  while (((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
