import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { REPLACEMENT } from "../base/lost_bytes.ts";

/**
 * The bytes of what this Linux process was started with: its arguments, and its variables as `NAME=value`.
 *
 * @returns what gives the bytes of a word. Of words that read alike, the last is given first. A variable that
 * got something in front, as PATH does, keeps the bytes of the rest.
 */
export function exactWords(): (word: string) => Uint8Array {
  const known = new Map<string, Buffer[]>();
  for (const file of ["environ", "cmdline"]) {
    for (const bytes of wordsOf(readFileSync(`/proc/self/${file}`))) {
      const text = bytes.toString("utf8");
      if (text.includes(REPLACEMENT)) known.set(text, [...known.get(text) ?? [], bytes]);
    }
  }
  return (word) => known.get(word)?.pop() ?? extended(word, known) ?? new TextEncoder().encode(word);
}

function extended(word: string, known: ReadonlyMap<string, Buffer[]>): Uint8Array | undefined {
  const name = word.slice(0, word.indexOf("=") + 1);
  if (name === "" || !word.includes(REPLACEMENT)) return undefined;
  for (const [text, [bytes]] of known) {
    const rest = text.slice(name.length);
    if (bytes === undefined || !text.startsWith(name) || !word.endsWith(`:${rest}`)) continue;
    const front = new TextEncoder().encode(word.slice(0, word.length - rest.length));
    return new Uint8Array([...front, ...bytes.subarray(name.length)]);
  }
  return undefined;
}

function wordsOf(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let start = 0, end = 0; (end = bytes.indexOf(0, start)) !== -1; start = end + 1) {
    words.push(bytes.subarray(start, end));
  }
  return words;
}
