import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { InstallConfig } from "../../protocol/install.ts";
import {
  installedDependencies,
  parseReceipt,
  type Receipt,
  RECEIPT_DIRECTORY,
  RECEIPT_FILE,
  satisfiedBy,
} from "../store/receipt.ts";
import type { Store, StorePaths } from "../store/store.ts";
import { stagedFor } from "../store/sweep_staging.ts";
import { activate } from "./activate.ts";

/**
 * Takes up an install that was killed after its receipt was written, in particular between the two renames of
 * a replacement, when the tool is in no place at all: such a tree is verified and complete, and only has to
 * be renamed.
 *
 * @param installation the name that the caller holds the lock of.
 * @returns whether there was one that is what the config asks for.
 */
export function recover(
  config: InstallConfig,
  { paths, store, installation }: { paths: StorePaths; store: Store; installation: string },
): boolean {
  const complete = stagedFor(paths, installation).find((path) => {
    const receipt = stagedReceipt(path);
    return receipt !== undefined && receipt.store_id === config.store_id &&
      satisfiedBy(receipt, config, () => installedDependencies(path));
  });
  if (complete === undefined) return false;
  activate(complete, { store, storeId: config.store_id, version: config.version });
  return true;
}

function stagedReceipt(path: string): Receipt | undefined {
  try {
    return parseReceipt(readFileSync(join(path, RECEIPT_DIRECTORY, RECEIPT_FILE), "utf8"));
  } catch {
    // It was killed before that.
    return undefined;
  }
}
