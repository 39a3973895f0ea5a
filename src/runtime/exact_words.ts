import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { REPLACEMENT } from "../base/lost_bytes.ts";

/**
 * The bytes of what this Linux process was started with: its arguments, and its variables as `NAME=value`.
 *
 * @returns what gives the bytes of a word. Of words that read alike, the last is given first.
 */
export function exactWords(): (word: string) => Uint8Array {
  const known = new Map<string, Buffer[]>();
  for (const file of ["environ", "cmdline"]) {
    for (const bytes of wordsOf(readFileSync(`/proc/self/${file}`))) {
      const text = bytes.toString("utf8");
      if (text.includes(REPLACEMENT)) known.set(text, [...known.get(text) ?? [], bytes]);
    }
  }
  return (word) => known.get(word)?.pop() ?? new TextEncoder().encode(word);
}

function wordsOf(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let start = 0, end = 0; (end = bytes.indexOf(0, start)) !== -1; start = end + 1) {
    words.push(bytes.subarray(start, end));
  }
  return words;
}
