import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../base/errors.ts";
import { runtime } from "../../runtime/mod.ts";
import type { Store, StorePaths } from "./store.ts";
import { stagingOwner } from "./store_names.ts";

export interface SweepOptions {
  store: Store;
  /** The installation whose lock the caller holds: all that is staged for it is left over. */
  held?: string;
}

/**
 * Deletes what processes that died have left in the staging area. A process that stages something holds the
 * lock of the installation it is for, and the kernel releases that lock when the process ends: a staged
 * directory whose lock is free is abandoned. Directories of live processes, and names that haft did not give,
 * are not touched.
 *
 * @returns the names that were deleted.
 */
export function sweepStaging(paths: StorePaths, { store, held }: SweepOptions): string[] {
  return stagedNames(paths.staging).filter((name) => {
    const owner = stagingOwner(name);
    if (owner === undefined) return false;
    if (owner === held) {
      rmSync(join(paths.staging, name), { recursive: true, force: true });
      return true;
    }
    using lock = runtime.tryLock(store.lockPath(owner));
    if (lock === undefined) return false;
    rmSync(join(paths.staging, name), { recursive: true, force: true });
    return true;
  });
}

/** The paths of all that is staged for an installation. */
export function stagedFor(paths: StorePaths, installation: string): string[] {
  return stagedNames(paths.staging).filter((name) => stagingOwner(name) === installation)
    .map((name) => join(paths.staging, name));
}

function stagedNames(staging: string): string[] {
  try {
    return readdirSync(staging).sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
