import { readdirSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../base/private_directory.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import { fingerprints } from "../tools/project/fingerprint.ts";
import { keyOf, type KnownSync, type SyncPlace } from "./known_sync.ts";
import { type PlainSync, plainSyncName, type Screen } from "./plain_sync.ts";

/**
 * Remembers what a sync printed that had nothing to do, not even with the shims.
 *
 * @param asOf when the reading of the shims began, in milliseconds since 1970
 */
export function rememberPlainSync(
  { files }: KnownSync,
  { text, screen, asOf }: { text: string; screen: Screen | undefined; asOf: number },
  place: SyncPlace,
): void {
  const { cwd, paths: { shims, knownSyncs } } = place;
  try {
    const looked = fingerprints([shims, ...readdirSync(shims).map((file) => join(shims, file))], asOf);
    if (looked === undefined) return;
    const entry: PlainSync = {
      key: keyOf(place),
      text,
      ...screen === undefined ? {} : { screen },
      files: { ...files, ...looked },
    };
    makeDirectory(knownSyncs, { mode: 0o700 });
    writeAtomic(join(knownSyncs, plainSyncName(cwd, screen)), JSON.stringify(entry), {
      mode: 0o600,
      durable: false,
    });
  } catch {
    // It only saves time.
  }
}
