/**
 * What a plain `haft sync` that has nothing to do prints where stdout is no terminal, remembered beside its
 * events (known_sync.ts). haft prints it before its core is loaded, so this imports no module of the
 * runtime's.
 */
import process from "node:process";
import { type Place, placeKey } from "../base/place_key.ts";
import { shortHash } from "../base/short_hash.ts";
import { VERSION } from "../base/version.ts";
import { isTextRecord } from "../tools/project/exec_entry.ts";
import type { Fingerprints } from "../tools/project/looks.ts";

/** Another form of the entries gets another number. */
const FORMAT = 4;

export interface PlainSync {
  /** Whose it is; another haft's, or another directory's, is not used. */
  key: string;
  text: string;
  /** What decided it, the shims included. */
  files: Fingerprints;
}

export function syncKey(cwd: string, place: Place): string {
  return [FORMAT, VERSION, process.platform, process.arch, cwd, placeKey(place)].join("\n");
}

export function plainSyncName(cwd: string): string {
  return `${shortHash(cwd)}.plain.json`;
}

/** @returns undefined for another's entry */
export function parsePlainSync(text: string, key: string): PlainSync | undefined {
  const entry = JSON.parse(text);
  return entry?.key === key && typeof entry.text === "string" && isTextRecord(entry.files)
    ? entry
    : undefined;
}
