/**
 * Remembers what a name runs in a directory, so that the next `haft exec` need not read the project again. An answer holds only
 * while every file that it was made from, and every file that was looked for and was not there, is as it was: same inode, size
 * and time of change, which no program can set back.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../../base/write_atomic.ts";

/** How to start a native tool. */
export interface CachedCommand {
  file: string;
  /** Goes in front of PATH. */
  path: string[];
  /** Variables to set where they are not set already. */
  defaults: Record<string, string>;
}

/** What the answer is for; another haft's answers are not used. */
export interface ExecCacheKey {
  cwd: string;
  name: string;
  /** haft's version. */
  version: string;
}

interface Entry {
  key: ExecCacheKey;
  command: CachedCommand;
  /** Path → {@link fingerprint}. */
  files: Record<string, string>;
}

/**
 * A file that changed this recently might change again without its time showing it: some file systems, and Deno, count
 * changes in whole seconds.
 */
const SETTLED_MS = 2_000;

export function readExecCache(directory: string, key: ExecCacheKey): CachedCommand | undefined {
  let entry: Entry;
  try {
    entry = JSON.parse(readFileSync(entryPath(directory, key), "utf8"));
  } catch {
    return undefined;
  }
  const { key: { cwd, name, version }, command, files } = entry;
  if (cwd !== key.cwd || name !== key.name || version !== key.version) return undefined;
  for (const path in files) {
    if (fingerprint(path) !== files[path]) return undefined;
  }
  return command;
}

/**
 * @param files every file and directory that the answer depends on, there or not. They are looked at only now: whoever reads
 * them before the call risks an answer that is older than they are, so a file that changed just now keeps it from being written
 */
export function writeExecCache(
  directory: string,
  key: ExecCacheKey,
  { command, files, now = Date.now() }: { command: CachedCommand; files: Iterable<string>; now?: number },
): void {
  const fingerprints: Record<string, string> = {};
  for (const path of files) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && now - stat.ctimeMs < SETTLED_MS) return;
    fingerprints[path] = fingerprint(path);
  }
  try {
    const entry: Entry = { key, command, files: fingerprints };
    writeAtomic(entryPath(directory, key), JSON.stringify(entry), { mode: 0o600, durable: false });
  } catch {
    // It only saves time: without it the next run reads the project again.
  }
}

function fingerprint(path: string): string {
  // Most of the files are not there, and an exception for each would cost more than all the rest.
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "absent" : `${stat.ino}.${stat.size}.${stat.ctimeNs}`;
  } catch {
    return "unreadable";
  }
}

/** Two keys with one hash only share a file: the entry says whose it is. */
function entryPath(directory: string, { cwd, name }: ExecCacheKey): string {
  let [low, high] = [0x811c9dc5, 0x9e3779b9];
  for (const char of `${name}\0${cwd}`) {
    const code = char.codePointAt(0) ?? 0;
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  const hex = (part: number) => (part >>> 0).toString(16).padStart(8, "0");
  return join(directory, `${hex(low)}${hex(high)}.json`);
}
