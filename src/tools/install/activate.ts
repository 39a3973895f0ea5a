import { renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { errorCode } from "../../base/errors.ts";
import { syncDirectory } from "../archive/tree_writer.ts";
import type { Store } from "../store/store.ts";
import { failpoint } from "./failpoint.ts";
import { makeDirectory } from "../../base/private_directory.ts";

export interface ActivateOptions {
  store: Store;
  /** The directory that the tree becomes, see `placeFor()`. */
  directory: string;
  /** The name that the caller holds the lock of. */
  installation: string;
}

/**
 * Makes a staged tree the installation, in one step. What is there already (a broken installation, or one
 * that is replaced) is renamed away first: between the two renames, and only then, the tool is missing, and
 * the caller's lock keeps other installs out.
 *
 * @returns the installation's directory.
 */
export function activate(staged: string, { store, directory, installation }: ActivateOptions): string {
  const parent = dirname(directory);
  failpoint("before-rename");
  const aside = renameInto(staged, { directory, moveAside: () => store.moveAside(directory, installation) });
  failpoint("after-rename");
  if (process.platform !== "win32") {
    syncDirectory(parent);
    syncDirectory(dirname(parent));
  }
  if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
  return directory;
}

function renameInto(
  staged: string,
  { directory, moveAside }: { directory: string; moveAside: () => string | undefined },
): string | undefined {
  let aside: string | undefined;
  for (let attempt = 0;; attempt++) {
    // Again in each round: uninstalling the tool's other version removes the parent when it is empty.
    makeDirectory(dirname(directory));
    try {
      renameSync(staged, directory);
      return aside;
    } catch (error) {
      const code = errorCode(error);
      const occupied = code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR" || code === "EPERM";
      if (attempt >= 3 || !(occupied || code === "ENOENT")) throw error;
      if (occupied) aside = moveAside() ?? aside;
      failpoint("after-aside");
    }
  }
}
