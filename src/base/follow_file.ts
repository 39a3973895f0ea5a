import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { Buffer } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import { errorCode } from "./errors.ts";

/** Milliseconds between two looks. */
const INTERVAL_MS = 100;

/**
 * Yields what is added to a file, and goes on with its successor when the log is rotated. After the signal it
 * yields what the file has by then, and ends.
 *
 * @param options.from the file's `start`, or its `end`, which is now
 */
export async function* followFile(
  path: string,
  { signal, from = "end" }: { signal: AbortSignal; from?: "start" | "end" },
): AsyncGenerator<string> {
  const buffer = Buffer.alloc(64 * 1024);
  let decoder = new StringDecoder("utf8");
  let file = open(path);
  let position = file === undefined || from === "start" ? 0 : fstatSync(file).size;
  let last = false;
  try {
    for (;;) {
      // One more read after the signal: the writer may have written before it.
      if (last) return;
      const read = file === undefined ? 0 : readSync(file, buffer, 0, buffer.length, position);
      if (read > 0) {
        position += read;
        const text = decoder.write(buffer.subarray(0, read));
        if (text !== "") yield text;
        continue;
      }
      // Only after all of the old file was read, so that none of it is lost.
      if (file === undefined || isReplaced(path, { file, position })) {
        if (file !== undefined) closeSync(file);
        file = open(path);
        position = 0;
        decoder = new StringDecoder("utf8");
        if (file !== undefined && fstatSync(file).size > 0) continue;
      }
      last = signal.aborted;
      if (!last) await pause(signal);
    }
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Another file lies at the path, or the same one was cut. */
function isReplaced(path: string, { file, position }: { file: number; position: number }): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && (now.ino !== fstatSync(file).ino || now.size < position);
}

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(finish, INTERVAL_MS);
    signal.addEventListener("abort", finish, { once: true });
    function finish() {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    }
  });
}
