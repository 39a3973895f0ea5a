/**
 * What is remembered of a sync that had nothing to do: its events, which the next one tells again without
 * reading manifest, lock file and receipts. They hold while every file that decided them is as it was (see
 * fingerprint.ts): the receipts and the store's directories are among them, so that what was removed or
 * damaged is found.
 */
import { join } from "node:path";
import type { Env } from "../base/env.ts";
import { choosesVersionFiles } from "../base/mise_env.ts";
import type { Paths } from "../base/paths.ts";
import { readOwn } from "../base/read_own.ts";
import { shortHash } from "../base/short_hash.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { unchanged } from "../tools/project/fingerprint.ts";
import type { Fingerprints } from "../tools/project/looks.ts";
import { syncKey } from "./plain_sync.ts";

export interface KnownSync {
  /** Whose it is; another haft's, or another directory's, is not used. */
  key: string;
  /** From `sync.started` to `sync.finished`. */
  events: SyncEvent[];
  files: Fingerprints;
}

/** Where a sync begins, and whose it is. */
export interface SyncPlace {
  cwd: string;
  env: Env;
  home: string;
  paths: Paths;
}

/** @returns undefined when nothing is known any more */
export function readKnownSync(place: SyncPlace): KnownSync | undefined {
  if (choosesVersionFiles(place.env)) return undefined;
  const entry = readEntry(place);
  return entry !== undefined && unchanged(entry.files) ? entry : undefined;
}

function readEntry(place: SyncPlace): KnownSync | undefined {
  try {
    return readOwn(entryPath(place), (text) => {
      const entry = JSON.parse(text);
      if (typeof entry?.key !== "string") throw new TypeError("no entry");
      // By its key it is this very haft's own, which wrote all of it.
      return entry.key === keyOf(place) ? entry as KnownSync : undefined;
    });
  } catch {
    // The system refuses to read it: the project's files say all of it, too.
    return undefined;
  }
}

export function keyOf({ cwd, home, paths }: SyncPlace): string {
  return syncKey(cwd, { home, ...paths });
}

export function entryPath({ cwd, paths }: SyncPlace): string {
  return join(paths.knownSyncs, `${shortHash(cwd)}.json`);
}
