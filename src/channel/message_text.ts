/**
 * Messages as JSON texts. Most are `{type: "data", data}`: those are put together and read around the text of
 * their data alone, which takes half the time of the whole.
 */
import { Buffer } from "node:buffer";
import type { Message } from "../protocol/envelope.ts";
import { isMessage } from "../protocol/is_message.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import type { Around } from "../socket/framing/envelope.ts";
import { decodeUtf8, insideObject, parseJson } from "../socket/framing/json_text.ts";
import type { Outgoing } from "./outbox.ts";
import { isAt } from "./plain_text.ts";

const HEAD = '{"type":"data","data":';
const HEAD_BYTES = Buffer.from(HEAD);
const END = 0x7d;
const QUOTE = 0x22;
const ZERO = 0x30;
/** Every number of so many digits is exact. */
const MOST_DIGITS = 15;

/** What is around the text of their data. */
const DATA: Around = { head: HEAD_BYTES, tail: Buffer.from("}"), limits: insideObject(2) };
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
 * A message that is known to be safe as it is read: `{type: "data"}` with a whole number or a long text.
 *
 * @returns undefined for others
 */
export function plainData(bytes: Buffer, start: number, end: number): Message | undefined {
  return end - start < LONG_TEXT ? wholeNumber(bytes, start, end) : longText(bytes, start, end);
}

function longText(bytes: Buffer, start: number, end: number): Message | undefined {
  const from = start + HEAD.length + 1;
  const to = end - 2;
  if (
    bytes[from - 1] !== QUOTE || bytes[to] !== QUOTE || bytes[to + 1] !== END ||
    !isAt(bytes, start, HEAD_BYTES)
  ) {
    return undefined;
  }
  let data: string;
  try {
    data = decodeUtf8(bytes.subarray(from, to));
  } catch {
    // Read as every message is, it is refused.
    return undefined;
  }
  return ESCAPED.test(data) ? undefined : { type: "data", data };
}

function wholeNumber(bytes: Buffer, start: number, end: number): Message | undefined {
  const last = end - 1;
  const from = start + HEAD.length;
  const first = bytes[from] as number;
  // A number that begins with 0 has no other digit.
  if (last - from > MOST_DIGITS || first === ZERO && last - from > 1 || !isAt(bytes, start, HEAD_BYTES)) {
    return undefined;
  }
  let data = 0;
  for (let at = from; at < last; at++) {
    const digit = bytes[at] as number - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    data = data * 10 + digit;
  }
  return bytes[last] === END && last > from ? { type: "data", data } : undefined;
}

/**
 * Reads a frame that `scanJson` has passed.
 *
 * @param ascii what it gave
 * @throws {FrameError} when the frame is not a message
 */
export function parseMessage(bytes: Buffer, start: number, end: number, ascii: boolean): Message {
  if (bytes[end - 1] === END && isAt(bytes, start, HEAD_BYTES)) {
    try {
      // One JSON value between the head and the brace: the whole has no other field.
      return { type: "data", data: parseJson(bytes, start + HEAD.length, end - 1, ascii) };
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
    }
  }
  const value = parseJson(bytes, start, end, ascii);
  if (!isMessage(value)) throw new FrameError("not-a-message", "Frame is not a message");
  return value;
}
