/** What the exec cache holds, apart from how it is read: the shortest way of `haft exec` loads no more. */
import { shortHash } from "../../base/short_hash.ts";
import type { Fingerprints } from "./looks.ts";

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
  /** Of `placeKey()`. */
  place: string;
}

/** What is known to be run, with the files that decide it. */
export interface KnownCommand {
  command: CachedCommand;
  files: Fingerprints;
}

export interface Entry extends KnownCommand {
  key: ExecCacheKey;
}

/**
 * By hand, and in few functions: a schema's library costs more to load than all the rest of an exec, and each
 * function that runs for the first time a hundredth of it.
 *
 * @returns undefined for a sound entry of another key
 * @throws {TypeError} when it is no entry
 */
export function parseEntry(value: unknown, wanted: ExecCacheKey): Entry | undefined {
  const { key, command, files } = value as Entry;
  const isWanted = key.cwd === wanted.cwd && key.name === wanted.name &&
    key.version === wanted.version && key.place === wanted.place;
  // Another version's entry may have another form.
  if (!isWanted) return undefined;
  if (!isCommand(command) || !isTextRecord(files)) throw new TypeError("no entry");
  return { key: wanted, command, files };
}

/** @throws {TypeError} for null */
export function isCommand(value: unknown): value is CachedCommand {
  const { file, path, defaults } = value as CachedCommand;
  return isTextRecord(defaults) && Array.isArray(path) && isTextRecord({ file, ...path });
}

export function isTextRecord(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const one of Object.values(value)) if (typeof one !== "string") return false;
  return true;
}

/** Two keys with one hash only share a file: the entry says whose it is. */
export function entryName({ cwd, name, place }: Omit<ExecCacheKey, "version">): string {
  return `${shortHash([name, cwd, place].join("\0"))}.json`;
}
