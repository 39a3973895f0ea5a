/**
 * What a `haft sync` that has nothing to do prints in the end, remembered beside its events (known_sync.ts).
 * haft prints it before its core is loaded, so this imports no module of the runtime's.
 */
import process from "node:process";
import { type Place, placeKey } from "../base/place_key.ts";
import { shortHash } from "../base/short_hash.ts";
import { VERSION } from "../base/version.ts";
import { isTextRecord } from "../tools/project/exec_entry.ts";
import type { Fingerprints } from "../tools/project/looks.ts";

/** Another form of the entries gets another number. */
const FORMAT = 5;

/** A terminal as far as it decides the text. */
export interface Screen {
  columns: number;
  color: boolean;
}

export interface PlainSync {
  /** Whose it is; another haft's, or another directory's, is not used. */
  key: string;
  /** As it is written: no sequence is left in it but haft's own. */
  text: string;
  /** Of the terminal that it is for, if it is for one. */
  screen?: Screen;
  /** What decided it, the shims included. */
  files: Fingerprints;
}

export function syncKey(cwd: string, place: Place): string {
  return [FORMAT, VERSION, process.platform, process.arch, cwd, placeKey(place)].join("\n");
}

export function plainSyncName(cwd: string, screen: Screen | undefined): string {
  return `${shortHash(cwd)}.${screen === undefined ? "plain" : "screen"}.json`;
}

/** @returns undefined for another's entry, or one of another terminal */
export function parsePlainSync(
  text: string,
  { key, screen }: { key: string; screen: Screen | undefined },
): PlainSync | undefined {
  const entry = JSON.parse(text);
  const isOfScreen = entry?.screen?.columns === screen?.columns && entry?.screen?.color === screen?.color;
  return entry?.key === key && isOfScreen && typeof entry.text === "string" && isTextRecord(entry.files)
    ? entry
    : undefined;
}
