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
  const length = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + length + 1);
  bytes.writeUInt32LE(length, 0);
  bytes.write(json, LENGTH_BYTES, "utf8");
  bytes[LENGTH_BYTES + length] = NEWLINE;
  return bytes;
}

/** The frame as a connection of this framing gets it: a view, not a copy. */
export function frameIn(framing: Framing, frame: SharedFrame): Buffer {
  return framing === "lines" ? frame.subarray(LENGTH_BYTES) : frame.subarray(0, frame.length - 1);
}
