import { readFileSync, type Stats, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";

/** Far above any manifest, lock or settings file. */
const LONGEST = 64 * 1024 * 1024;

/**
 * The text of a file that may be a stranger's. It never waits: a FIFO or a device in the file's place is
 * refused, which would otherwise keep haft from doing anything, its end by a signal included.
 *
 * @throws {Error} as `readFileSync` does, or saying what the path is
 */
export function readTextFile(path: string): string {
  requireRegular(path, statSync(path));
  return readFileSync(path, "utf8");
}

/** As {@link readTextFile}, off the thread. */
export async function readTextFileAsync(path: string): Promise<string> {
  requireRegular(path, await stat(path));
  return await readFile(path, "utf8");
}

/** A directory passes: reading it fails with the system's own error. */
function requireRegular(path: string, stats: Stats): void {
  if (!stats.isFile() && !stats.isDirectory()) throw new Error(`"${path}" is not a regular file`);
  if (stats.size > LONGEST) throw new Error(`"${path}" has ${stats.size} bytes, ${LONGEST} at most`);
}
