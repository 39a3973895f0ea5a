/**
 * Remembers what a name runs in a directory, so that the next `haft exec` need not read the project again. An
 * answer holds only while every file that it was made from, and every file that was looked for and was not
 * there, is as it was: same inode, size and time of change, which no program can set back.
 */
import { join } from "node:path";
import { readOrSetAside } from "../../base/set_aside.ts";
import { shortHash } from "../../base/short_hash.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { type Fingerprints, fingerprints, unchanged } from "./fingerprint.ts";
import { makeDirectory } from "../../base/private_directory.ts";

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

/** What is known to be run, with the files that decide it. */
export interface KnownCommand {
  command: CachedCommand;
  files: Fingerprints;
}

interface Entry extends KnownCommand {
  key: ExecCacheKey;
}

export function readExecCache(directory: string, key: ExecCacheKey): KnownCommand | undefined {
  let entry: Entry | undefined;
  try {
    entry = readOrSetAside(entryPath(directory, key), (text) => parseEntry(JSON.parse(text), key));
  } catch {
    // The system refuses to read it: the long way needs it not.
  }
  return entry !== undefined && unchanged(entry.files) ? entry : undefined;
}

/**
 * By hand: a schema's library costs more to load than all the rest of an exec.
 * @returns undefined for a sound entry of another key
 * @throws {TypeError} when it is no entry
 */
function parseEntry(value: unknown, wanted: ExecCacheKey): Entry | undefined {
  if (!isRecord(value) || !isRecord(value["key"])) throw new TypeError("no entry");
  const { key, command, files } = value;
  const isWanted = key["cwd"] === wanted.cwd && key["name"] === wanted.name &&
    key["version"] === wanted.version;
  // Another version's entry may have another form.
  if (!isWanted) return undefined;
  if (!isCommand(command) || !isTextRecord(files)) throw new TypeError("no entry");
  return { key: wanted, command, files };
}

function isCommand(value: unknown): value is CachedCommand {
  return isRecord(value) && typeof value["file"] === "string" && isTextRecord(value["defaults"]) &&
    Array.isArray(value["path"]) && value["path"].every((one) => typeof one === "string");
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((one) => typeof one === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param files every file and directory that the answer depends on, there or not. When one changed just now,
 * nothing is written
 */
export function writeExecCache(
  directory: string,
  key: ExecCacheKey,
  { command, files, now = Date.now() }: { command: CachedCommand; files: Iterable<string>; now?: number },
): void {
  const seen = fingerprints(files, now);
  if (seen === undefined) return;
  try {
    const entry: Entry = { key, command, files: seen };
    // haft runs what it finds there: only the user may write, whatever the umask.
    makeDirectory(directory, { mode: 0o700 });
    writeAtomic(entryPath(directory, key), JSON.stringify(entry), { mode: 0o600, durable: false });
  } catch {
    // It only saves time: without it the next run reads the project again.
  }
}

/** Two keys with one hash only share a file: the entry says whose it is. */
function entryPath(directory: string, { cwd, name }: ExecCacheKey): string {
  return join(directory, `${shortHash(`${name}\0${cwd}`)}.json`);
}
