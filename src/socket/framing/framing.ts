/**
 * How frames are told apart on a connection:
 *
 * - `length`: a 4-byte little-endian length, then that many bytes of JSON. For programs.
 * - `lines`: JSON and a newline (NDJSON). For `nc -U`, shells and logs.
 *
 * A frame is shorter than 16 MiB, so the fourth byte of a length is 0, which no JSON text contains: the first
 * four bytes of a connection say which it is. An empty frame (a length of 0, an empty line) carries nothing
 * and is skipped; a client sends one as it connects, so that the server knows the framing even when it is the
 * one to speak first.
 */
export type Framing = "length" | "lines";

/** Bytes of the length before a frame. */
export const LENGTH_BYTES = 4;

/** Ends a frame of the framing `lines`. */
export const NEWLINE = 0x0a;

/** The framing that the first four bytes tell. */
export function detectFraming(fourth: number): Framing {
  return fourth === 0 ? "length" : "lines";
}

/** What a client sends as it connects: empty frames, long enough to tell the framing. */
export function preamble(framing: Framing): Uint8Array {
  return framing === "length" ? new Uint8Array(LENGTH_BYTES) : new Uint8Array(LENGTH_BYTES).fill(NEWLINE);
}
