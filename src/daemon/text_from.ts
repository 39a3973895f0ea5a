import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { errorCode } from "../base/errors.ts";

/** What one answer holds at most. */
const MOST_BYTES = 128 * 1024;

/**
 * What a file has from a byte on, in whole characters; nothing when it is not there or has no more. A file
 * that has become shorter is read from its start.
 *
 * @returns `next`, the offset of what follows
 */
export function textFrom(path: string, offset: number): { text: string; next: number } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { text: "", next: 0 };
    throw error;
  }
  try {
    const from = fstatSync(file).size < offset ? 0 : offset;
    const bytes = Buffer.alloc(MOST_BYTES);
    const read = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
    const decoder = new StringDecoder("utf8");
    const text = decoder.write(read);
    const rest = incomplete(read);
    return { text, next: from + read.length - rest };
  } finally {
    closeSync(file);
  }
}

/** How many bytes at the end begin a character that is not whole. */
function incomplete(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
