/**
 * Remembers what a name runs in a directory, so that the next `haft exec` need not read the project again. An
 * answer holds only while every file that it was made from, and every file that was looked for and was not
 * there, is as it was: same inode, size and time of change, which no program can set back. A time in whole
 * seconds, as images have, proves nothing. (A file system in memory may not show what was written through a
 * mapping.)
 */
import { join } from "node:path";
import { readOwn } from "../../base/read_own.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import {
  type CachedCommand,
  type Entry,
  entryName,
  type ExecCacheKey,
  type KnownCommand,
  parseEntry,
} from "./exec_entry.ts";
import { unchanged } from "./fingerprint.ts";
import type { Fingerprints } from "./looks.ts";
import { makeDirectory } from "../../base/private_directory.ts";

export function readExecCache(directory: string, key: ExecCacheKey): KnownCommand | undefined {
  let entry: Entry | undefined;
  try {
    entry = readOwn(entryPath(directory, key), (text) => parseEntry(JSON.parse(text), key));
  } catch {
    // The system refuses to read it: the long way needs it not.
  }
  return entry !== undefined && unchanged(entry.files) ? entry : undefined;
}

/**
 * @param files how all files and directories look that the answer depends on, there or not; undefined where
 * one changed since they were read, or just before: nothing is written
 */
export function writeExecCache(
  directory: string,
  key: ExecCacheKey,
  { command, files }: { command: CachedCommand; files: Fingerprints | undefined },
): void {
  if (files === undefined) return;
  try {
    const entry: Entry = { key, command, files };
    // haft runs what it finds there: only the user may write, whatever the umask.
    makeDirectory(directory, { mode: 0o700 });
    writeAtomic(entryPath(directory, key), JSON.stringify(entry), { mode: 0o600, durable: false });
  } catch {
    // It only saves time: without it the next run reads the project again.
  }
}

function entryPath(directory: string, key: ExecCacheKey): string {
  return join(directory, entryName(key));
}
