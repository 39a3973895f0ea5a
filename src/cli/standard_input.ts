import process from "node:process";
import { Readable } from "node:stream";

/** This process's stdin as a web stream. */
export function standardInput(): ReadableStream<Uint8Array> {
  // The two declarations of the class differ in what a bring-your-own-buffer reader is; nobody asks for one here.
  return Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array>;
}
