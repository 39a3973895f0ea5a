import { Buffer } from "node:buffer";
import { LIMITS } from "../limits.ts";
import { FrameError } from "./frame_error.ts";

/**
 * The value of a frame's JSON text, after proof that reading it is safe: not nested so deep that a walk over
 * it would overflow the stack, not with so many keys that hashing them is an attack, none of them one that
 * code could mistake for a prototype, and nothing that is not UTF-8.
 *
 * @throws {FrameError}
 */
export function decodeJson(bytes: Buffer, start: number, end: number, limits?: JsonLimits): unknown {
  return parseJson(bytes, start, end, scanJson(bytes, start, end, limits));
}

/** What a text may have, and what is around it already. */
export interface JsonLimits {
  readonly maxKeys: number;
  readonly keysAround: number;
  readonly depthAround: number;
}

/** A whole frame. */
export const FRAME: JsonLimits = { maxKeys: LIMITS.jsonKeys, keysAround: 0, depthAround: 0 };
/** The data of an answer that came in parts. */
export const ANSWER: JsonLimits = { ...FRAME, maxKeys: LIMITS.answerKeys };

/** What a frame holds inside of an object with so many keys. */
export function insideObject(keys: number): JsonLimits {
  return { ...FRAME, keysAround: keys, depthAround: 1 };
}

/**
 * The value of a JSON text inside of a frame that {@link scanJson} has passed.
 *
 * @param ascii what it gave
 * @throws {FrameError}
 */
export function parseJson(bytes: Buffer, start: number, end: number, ascii: boolean): unknown {
  return parse(ascii ? bytes.toString("latin1", start, end) : decodeUtf8(bytes.subarray(start, end)));
}

/** As {@link decodeJson}, of a text. @throws {FrameError} */
export function decodeJsonText(text: string, limits: JsonLimits): unknown {
  const bytes = Buffer.from(text);
  scanJson(bytes, 0, bytes.length, limits);
  return parse(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FrameError("not-json", "Frame is not valid JSON", { cause: error });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new FrameError("not-utf8", "Frame is not valid UTF-8", { cause: error });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const UNDERSCORE = 0x5f;
const LOWER_O = 0x6f;
/** Strings longer than this are skipped by the runtime's own search, and decoded by its own UTF-8 decoder. */
const LONG_STRING = 256;

/**
 * One pass over the bytes: nesting, keys, and whether all of them are ASCII (false also where that was not
 * looked at). What is not JSON passes, and fails in JSON.parse.
 *
 * @throws {FrameError}
 */
export function scanJson(bytes: Buffer, start: number, end: number, limits: JsonLimits = FRAME): boolean {
  return scan(bytes, start, end, limits) >= 0;
}

/** As {@link scanJson}. @returns how many keys there are */
export function countKeys(bytes: Buffer, limits: JsonLimits): number {
  const keys = scan(bytes, 0, bytes.length, limits);
  return keys < 0 ? ~keys : keys;
}

/** @returns how many keys there are, or the complement of that where not all bytes are ASCII */
function scan(
  bytes: Buffer,
  start: number,
  end: number,
  { maxKeys, keysAround, depthAround }: JsonLimits,
): number {
  let depth = depthAround;
  let keys = keysAround;
  let seen = 0;
  let from = start;
  let to = start;
  let escaped = false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) {
      from = ++i;
      escaped = false;
      const near = Math.min(end, from + LONG_STRING);
      for (; i < near; i++) {
        const inner = bytes[i] as number;
        seen |= inner;
        if (inner === QUOTE) break;
        if (inner === BACKSLASH) {
          escaped = true;
          seen |= bytes[++i] ?? 0;
        }
      }
      if (i >= near && near < end) {
        seen = 0x80;
        i = endOfString(bytes, i, end);
        // Whether a long string has escapes is not worth a search: the exact comparison of a key is rare.
        escaped = true;
      }
      to = i;
    } else if (byte === COLON) {
      if (++keys > maxKeys) {
        throw new FrameError("too-many-keys", `Frame has more than ${maxKeys} keys`);
      }
      if (escaped || mayBeForbidden(bytes[from + 1], to - from)) refuseKey(bytes, from, to);
    } else if ((byte | 0x20) === 0x7b) {
      if (++depth > LIMITS.jsonNesting) {
        throw new FrameError("too-deep", `Frame is nested more than ${LIMITS.jsonNesting} deep`);
      }
    } else if ((byte | 0x20) === 0x7d) {
      depth--;
    } else {
      seen |= byte;
    }
  }
  return seen < 0x80 ? keys : ~keys;
}

/**
 * The index of the quote that ends the string which `at` is inside of. Where one quote is escaped, as in a
 * JSON text inside of a string, the next one is near: it is looked for byte by byte before it is searched.
 */
function endOfString(bytes: Buffer, at: number, end: number): number {
  while (at < end) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1 || quote >= end) return end;
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH && quote - 1 - backslashes >= at) backslashes++;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
    for (let near = Math.min(end, at + LONG_STRING); at < near; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) return at;
      if (byte !== BACKSLASH) continue;
      // The text goes on for as long as it has escapes.
      at++;
      near = Math.min(end, at + LONG_STRING);
    }
  }
  return end;
}

/** Whether a key without escapes could be `__proto__` or `constructor`, by its second byte and its length. */
function mayBeForbidden(second: number | undefined, length: number): boolean {
  return length === 9 && second === UNDERSCORE || length === 11 && second === LOWER_O;
}

function refuseKey(bytes: Buffer, from: number, to: number): void {
  // No longer text than this can spell one of them, even with every letter escaped as \u0000.
  if (to - from > 6 * 11) return;
  let key: unknown;
  try {
    key = JSON.parse(`"${bytes.toString("latin1", from, to)}"`);
  } catch {
    return;
  }
  if (key !== "__proto__" && key !== "constructor") return;
  throw new FrameError("forbidden-key", `Frame has a key ${JSON.stringify(key)}, which is not allowed`);
}
