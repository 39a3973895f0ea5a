import { Buffer } from "node:buffer";

/**
 * Answers as haft writes most of them, `{"type":"response","id":"12","data":…}`: their data is all that has
 * to be read as JSON. An answer in any other spelling is read as every message is.
 */

const BEFORE_ID = Buffer.from('{"type":"response","id":"');
const BEFORE_DATA = Buffer.from('","data":');
const ZERO = 0x30;
const NINE = 0x39;
const END = 0x7d;
/** Every number of so many digits is exact. */
const MOST_DIGITS = 15;

/** Where the data of such an answer begins; it ends before the frame's last byte. -1 for other frames. */
export function plainAnswerData(bytes: Buffer, start: number, end: number): number {
  if (bytes[end - 1] !== END || !isAt(bytes, start, BEFORE_ID)) return -1;
  const from = start + BEFORE_ID.length;
  let at = from;
  while (isDigit(bytes[at])) at++;
  // A number that begins with 0 is not what an id of ours looks like.
  if (at === from || at - from > MOST_DIGITS || bytes[from] === ZERO || !isAt(bytes, at, BEFORE_DATA)) {
    return -1;
  }
  return at + BEFORE_DATA.length;
}

/** The id of such an answer, as a number. @param data where its data begins */
export function plainAnswerId(bytes: Buffer, start: number, data: number): number {
  let id = 0;
  for (let at = start + BEFORE_ID.length; at < data - BEFORE_DATA.length; at++) {
    id = id * 10 + (bytes[at] ?? ZERO) - ZERO;
  }
  return id;
}

function isAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
