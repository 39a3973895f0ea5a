import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../base/errors.ts";
import { runtime } from "../../runtime/mod.ts";
import type { Store } from "../store/store.ts";
import { isInstallationName } from "../store/store_names.ts";

/** A download that was not resumed for so long is deleted. */
const MAX_AGE_MS = 7 * 24 * 60 * 60_000;

/** As {@link PartFile} names them: `<store id>@<version>-<16 hex digits>.part`. */
const PART_NAME = /^((.+)@([^@]+))-[0-9a-f]{16}\.part$/;

/**
 * Deletes part files that are of no more use: their tool is installed (a process was killed between the two),
 * or they are old. Those of live processes, which hold the lock of their installation, are not touched.
 *
 * @returns the names that were deleted.
 */
export function sweepDownloads(
  downloads: string,
  { store, held, now = Date.now() }: { store: Store; held: string; now?: number },
): string[] {
  return partNames(downloads).filter((name) => {
    const [, owner = "", storeId = "", version = ""] = PART_NAME.exec(name) ?? [];
    if (owner === held || !isInstallationName(owner)) return false;
    const path = join(downloads, name);
    const old = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > MAX_AGE_MS;
    if (!old && store.receipt(storeId, version) === undefined) return false;
    using lock = runtime.tryLock(store.lockPath(owner));
    if (lock === undefined) return false;
    rmSync(path, { force: true });
    rmSync(`${path}.json`, { force: true });
    return true;
  });
}

function partNames(downloads: string): string[] {
  try {
    return readdirSync(downloads).sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
