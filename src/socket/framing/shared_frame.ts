/**
 * One message for many readers: encoded once, as bytes that hold a frame of either framing. They are 4 bytes
 * of little-endian length, the JSON text and a newline; each framing leaves out what only the other one
 * needs.
 */
import { Buffer } from "node:buffer";
import { type Framing, LENGTH_BYTES, NEWLINE } from "./framing.ts";

/** Bytes that are a frame in both framings; see {@link frameIn}. */
export type SharedFrame = Buffer;

export function sharedFrame(json: string): SharedFrame {
  const length = sharedFrameLength(json);
  const bytes = Buffer.allocUnsafe(length);
  writeSharedFrame(bytes, 0, json, length);
  return bytes;
}

/** Bytes of {@link sharedFrame}. */
export function sharedFrameLength(json: string): number {
  return LENGTH_BYTES + Buffer.byteLength(json) + 1;
}

/** Writes it into memory that has room. @param length as {@link sharedFrameLength} gives it */
export function writeSharedFrame(bytes: Buffer, start: number, json: string, length: number): void {
  bytes.writeUInt32LE(length - LENGTH_BYTES - 1, start);
  bytes.write(json, start + LENGTH_BYTES, "utf8");
  bytes[start + length - 1] = NEWLINE;
}

/** The frame as a connection of this framing gets it: a view, not a copy. */
export function frameIn(framing: Framing, frame: SharedFrame): Buffer {
  return framing === "lines" ? frame.subarray(LENGTH_BYTES) : frame.subarray(0, frame.length - 1);
}

/** Bytes of a frame of this framing. @param length of the shared frame */
export function frameLength(framing: Framing, length: number): number {
  return framing === "lines" ? length - LENGTH_BYTES : length - 1;
}

/**
 * Copies the frame of this framing to `target`.
 *
 * @param start of the shared frame in `bytes`
 * @returns its bytes
 */
export function copyFrameIn(
  framing: Framing,
  { bytes, start, length }: { bytes: Buffer; start: number; length: number },
  { target, at }: { target: Buffer; at: number },
): number {
  const from = framing === "lines" ? start + LENGTH_BYTES : start;
  return bytes.copy(target, at, from, from + frameLength(framing, length));
}
