/**
 * Messages as JSON texts. Most are `{type: "data", data}`: those are put together and read around the text of
 * their data alone, which takes half the time of the whole.
 */
import { Buffer, isAscii } from "node:buffer";
import type { Message } from "../protocol/envelope.ts";
import { isMessage } from "../protocol/is_message.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import type { Around } from "../socket/framing/envelope.ts";
import { insideObject, parseJson, scanJson } from "../socket/framing/json_text.ts";
import type { Outgoing } from "./outbox.ts";
import { isAt, MOST_DIGITS, ZERO } from "./plain_text.ts";

const HEAD = '{"type":"data","data":';
const HEAD_BYTES = Buffer.from(HEAD);
const END = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTED = 0x20;
const LAST_ASCII = 0x7f;

/** Inside of an object with `type` and `data`. */
const IN_DATA = insideObject(2);
/** What is around the text of their data. */
const DATA: Around = { head: HEAD_BYTES, tail: Buffer.from("}"), limits: IN_DATA };
/** The same for a long text without {@link ESCAPED}, which needs no JSON text of its own. */
const TEXT: Around = { head: Buffer.from(`${HEAD}"`), tail: Buffer.from('"}'), limits: undefined };
/** What is escaped in JSON, or may be. */
// deno-lint-ignore no-control-regex
const ESCAPED = /["\\\0-\x1f\ud800-\udfff]/;
/** Characters; a shorter text takes no longer as JSON. */
const LONG_TEXT = 512;

/** What `JSON.stringify` gives of `{type: "data", data}`, in its parts. */
export function dataText(data: unknown): Outgoing {
  if (typeof data === "string" && data.length >= LONG_TEXT && !ESCAPED.test(data)) {
    return { json: data, around: TEXT };
  }
  if (typeof data === "number" && data >= 0 && Number.isSafeInteger(data)) {
    return { json: data, around: DATA };
  }
  // Undefined for what JSON leaves out, such as a function.
  const json: string | undefined = JSON.stringify(data);
  return json === undefined ? { json: '{"type":"data"}' } : { json, around: DATA };
}

/**
 * A message with data alone, as {@link dataText} writes it.
 *
 * @returns undefined for others, and for one whose data is not JSON
 * @throws {FrameError} when it is not safe to read
 */
export function readData(bytes: Buffer, start: number, end: number): Message | undefined {
  const from = start + HEAD.length;
  const to = end - 1;
  if (from >= to || bytes[to] !== END || !isAt(bytes, start, HEAD_BYTES)) return undefined;
  const plain = bytes[from] === QUOTE ? plainText(bytes, from + 1, to - 1) : wholeNumber(bytes, from, to);
  if (plain !== undefined) return { type: "data", data: plain };
  try {
    return { type: "data", data: parseJson(bytes, from, to, scanJson(bytes, from, to, IN_DATA)) };
  } catch (error) {
    // It has further members, or is not JSON, which reading all of it tells.
    if (error instanceof FrameError && error.kind === "not-json") return undefined;
    throw error;
  }
}

/** A text of ASCII without escapes; undefined for others, which may be valid. */
function plainText(bytes: Buffer, from: number, to: number): string | undefined {
  if (to < from || bytes[to] !== QUOTE) return undefined;
  if (to - from >= LONG_TEXT) {
    if (!isAscii(bytes.subarray(from, to))) return undefined;
    const text = bytes.toString("latin1", from, to);
    return ESCAPED.test(text) ? undefined : text;
  }
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte < FIRST_PRINTED || byte > LAST_ASCII || byte === QUOTE || byte === BACKSLASH) return undefined;
  }
  return bytes.toString("latin1", from, to);
}

/** The value of digits alone. */
function wholeNumber(bytes: Buffer, from: number, to: number): number | undefined {
  // A number that begins with 0 has no other digit.
  if (to - from > MOST_DIGITS || bytes[from] === ZERO && to - from > 1) return undefined;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at] as number - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Reads a frame that `scanJson` has passed.
 *
 * @param ascii what it gave
 * @throws {FrameError} when the frame is not a message
 */
export function parseMessage(bytes: Buffer, start: number, end: number, ascii: boolean): Message {
  const value = parseJson(bytes, start, end, ascii);
  if (!isMessage(value)) throw new FrameError("not-a-message", "Frame is not a message");
  return value;
}
