import { readFileSync, type Stats, statSync } from "node:fs";
import { HaftError, withPath } from "./errors.ts";

/** Far above any manifest, lock or settings file. */
const LONGEST = 64 * 1024 * 1024;

/**
 * The text of a file that may be a stranger's. It never waits: a FIFO or a device in the file's place is
 * refused, which would otherwise keep haft from doing anything, its end by a signal included.
 *
 * @throws as `readFileSync` does; {HaftError} saying what the path is
 */
export function readTextFile(path: string): string {
  requireRegular(path, statSync(path));
  try {
    return decoded(path, readFileSync(path));
  } catch (error) {
    throw withPath(error, path);
  }
}

/** As {@link readTextFile}, off the thread. */
export async function readTextFileAsync(path: string): Promise<string> {
  const { readFile, stat } = await import("node:fs/promises");
  requireRegular(path, await stat(path));
  return decoded(path, await readFile(path));
}

/** UTF-8, with or without the mark that some editors put in front. */
function decoded(path: string, bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new HaftError(`"${path}" is UTF-16; save it as UTF-8`);
  }
  return new TextDecoder().decode(bytes);
}

/** A directory passes: reading it fails with the system's own error. */
function requireRegular(path: string, stats: Stats): void {
  const next = "Put a file of text there, or remove it";
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new HaftError(`"${path}" is not a regular file`, { next });
  }
  if (stats.size > LONGEST) {
    throw new HaftError(`"${path}" has ${stats.size} bytes, ${LONGEST} at most`, { next });
  }
}
