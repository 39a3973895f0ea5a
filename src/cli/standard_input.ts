import process from "node:process";
import { Readable } from "node:stream";

/** This process's stdin as a web stream. */
export function standardInput(): ReadableStream<Uint8Array> {
  // The two declarations of the class differ in their bring-your-own-buffer reader, which is not used here.
  return Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array>;
}
