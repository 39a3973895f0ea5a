/**
 * The sending side of an answer that is larger than a frame. The JSON text of its data goes as messages of
 * type `part`, and the response after them says in `parts` how many there were, in place of `data`.
 */
import { Buffer } from "node:buffer";
import type { Message } from "../protocol/envelope.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { countKeys, type JsonLimits } from "../socket/framing/json_text.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Outgoing } from "./outbox.ts";

/** What a part has around its id and its text: `{"type":"part","id":,"index":,"data":""}` and a number. */
const AROUND = 64;
/** A JSON string has at most two bytes for each byte of a JSON text, which has no raw control characters. */
const ESCAPED = 2;
/** UTF-8 bytes that one UTF-16 unit can take. */
const MAX_BYTES_PER_UNIT = 3;
/** Smaller parts are not worth their envelopes. */
const SMALLEST_PART = 1024;
const TAIL = Buffer.from("}");

/** Whether a message was refused for its size alone, so that parts of it would pass. */
export function isTooLargeForFrame(error: unknown): boolean {
  return error instanceof FrameError && (error.kind === "too-large" || error.kind === "too-many-keys");
}

/** How large an answer is. */
export interface AnswerSize {
  /** Of its text as UTF-8. */
  bytes: number;
  /** With those of the response, as one frame would have them. */
  keys: number;
}

/** What an answer may have inside of its response, which has `type`, `id` and `data`. */
const IN_RESPONSE: JsonLimits = { maxKeys: LIMITS.answerKeys + 3, keysAround: 3, depthAround: 1 };

/**
 * Looks at an answer once, so that it can go as a frame or in parts with no further look.
 *
 * @param data the JSON text of the answer's data
 * @throws {FrameError} when its receiver would not take it
 */
export function sizeOfAnswer(data: string): AnswerSize {
  const bytes = Buffer.byteLength(data);
  if (bytes > LIMITS.answer) throw tooLarge(bytes);
  return { bytes, keys: countKeys(Buffer.from(data), IN_RESPONSE) };
}

export class PartedAnswer {
  /** Bytes of its text, which it holds until it has ended. */
  readonly bytes: number;
  readonly #id: string;
  readonly #text: string;
  /** UTF-16 units of a part, at most. */
  readonly #partUnits: number;
  #sent = 0;
  #parts = 0;
  #ended = false;

  /**
   * @param data the JSON text of the answer's data
   * @param options.size what {@link sizeOfAnswer} says of it
   * @throws {FrameError} when the answer is larger than its receiver would take
   */
  constructor(
    id: string,
    data: string,
    { maxFrameBytes, size = sizeOfAnswer(data) }: { maxFrameBytes: number; size?: AnswerSize | undefined },
  ) {
    this.#id = id;
    this.#text = data;
    this.bytes = size.bytes;
    const room = Math.floor((maxFrameBytes - Buffer.byteLength(JSON.stringify(id)) - AROUND) / ESCAPED);
    const partBytes = Math.min(room, LIMITS.answerPart);
    if (partBytes < SMALLEST_PART) throw tooLarge(size.bytes);
    const isAscii = size.bytes === data.length;
    this.#partUnits = isAscii ? partBytes : Math.floor(partBytes / MAX_BYTES_PER_UNIT);
  }

  /** Whether the response has been given out, too. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next message, the response being the last. */
  next(): Message {
    const id = this.#id;
    if (this.#sent === this.#text.length) {
      this.#ended = true;
      return { type: "response", id, parts: this.#parts };
    }
    const end = characterStart(this.#text, Math.min(this.#sent + this.#partUnits, this.#text.length));
    const data = this.#text.slice(this.#sent, end);
    this.#sent = end;
    return { type: "part", id, index: this.#parts++, data };
  }
}

/** What {@link PartedAnswer.next} gives, as text. A part is not looked at again: its data is one string. */
export function messageText(message: Message): Outgoing {
  const { type, id, index, data } = message;
  if (type !== "part") return { json: JSON.stringify(message) };
  const head = Buffer.from(`${JSON.stringify({ type, id, index }).slice(0, -1)},"data":`);
  return { json: JSON.stringify(data), around: { head, tail: TAIL, limits: undefined } };
}

/** The last index up to `at` that is not inside of a character. */
function characterStart(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  return unit >= 0xd800 && unit < 0xdc00 ? at - 1 : at;
}

function tooLarge(bytes: number): FrameError {
  return new FrameError("too-large", `answer of ${bytes} bytes; at most ${LIMITS.answer} are allowed`);
}
