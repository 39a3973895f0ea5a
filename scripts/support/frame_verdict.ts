import { Buffer } from "node:buffer";
import { isMessage } from "../../src/protocol/is_message.ts";
import { FrameDecoder } from "../../src/socket/framing/frame_decoder.ts";
import { FrameError } from "../../src/socket/framing/frame_error.ts";
import { decodeJson } from "../../src/socket/framing/json_text.ts";

/** Bytes in hex, and how often they are repeated. */
export interface Piece {
  hex: string;
  times: number;
}

/** What comes of a stream of bytes. */
export interface FrameVerdict {
  framing: string | null;
  /** The value of each frame before the refusal; an infinite number is the text `Infinity` or `-Infinity`. */
  values: unknown[];
  refusal: string | null;
}

export function bytesOf(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.map(({ hex, times }) => Buffer.from(hex.repeat(times), "hex")));
}

/**
 * The decoder's verdict on a stream.
 *
 * @param chunk bytes that come at once; all by default
 * @param messages also refuse values that are no message
 */
export function verdictOn(
  bytes: Buffer,
  { maxFrameBytes, chunk = Infinity, messages = false }: {
    maxFrameBytes: number;
    chunk?: number;
    messages?: boolean;
  },
): FrameVerdict {
  const decoder = new FrameDecoder({ maxFrameBytes });
  const values: unknown[] = [];
  let refusal: string | null = null;
  const onFrame = (frame: Buffer, start: number, end: number) => {
    const value = decodeJson(frame, start, end);
    if (messages && !isMessage(value)) throw new FrameError("not-a-message", "Frame is not a message");
    values.push(sayInfinity(value));
  };
  try {
    for (let at = 0; at < bytes.length; at += chunk) {
      decoder.push(bytes.subarray(at, at + chunk), onFrame);
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    refusal = error.kind;
  }
  return { framing: decoder.framing ?? null, values, refusal };
}

/** JSON has numbers beyond those of doubles, and no word for infinity. */
function sayInfinity(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(sayInfinity);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sayInfinity(inner)]));
}
