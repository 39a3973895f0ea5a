/**
 * What requests and answers have in common as haft writes most of them, such as
 * `{"type":"response","id":"12","data":…}`. The bytes before the data say which one it is, so that only the
 * data is read as JSON. A message in any other spelling is read as every message is.
 */
import type { Buffer } from "node:buffer";

export const ZERO = 0x30;
const NINE = 0x39;
/** Every number of so many digits is exact. */
export const MOST_DIGITS = 15;

export function isAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** Where the id ends that begins at `from`; -1 when it is not one that haft gives, a number from 1 on. */
export function endOfId(bytes: Buffer, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  return at === from || at - from > MOST_DIGITS || bytes[from] === ZERO ? -1 : at;
}

export function readId(bytes: Buffer, from: number, to: number): number {
  let id = 0;
  for (let at = from; at < to; at++) id = id * 10 + (bytes[at] ?? ZERO) - ZERO;
  return id;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
