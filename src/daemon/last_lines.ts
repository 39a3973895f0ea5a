import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Buffer } from "node:buffer";
import { errorCode } from "../base/errors.ts";

/** How much of a file's end is looked at. */
const MOST_BYTES = 1024 * 1024;

/** The last lines of a file of any size; none when it is not there. */
export function lastLines(path: string, count: number): string[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, MOST_BYTES);
    const bytes = Buffer.alloc(length);
    const read = readSync(file, bytes, 0, length, size - length);
    const lines = bytes.toString("utf8", 0, read).split("\n");
    if (lines.at(-1) === "") lines.pop();
    // Its beginning may be missing.
    if (length < size) lines.shift();
    return count === 0 ? [] : lines.slice(-count);
  } finally {
    closeSync(file);
  }
}
