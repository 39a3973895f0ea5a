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
import { placeFor } from "../store/content_key.ts";
import type { Store, StorePaths } from "../store/store.ts";
import { stagedFor } from "../store/sweep_staging.ts";
import { activate } from "./activate.ts";
import { readTextFile } from "../../base/read_text_file.ts";

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
  for (const path of stagedFor(paths, installation)) {
    const receipt = stagedReceipt(path);
    if (receipt?.store_id !== config.store_id) continue;
    if (!satisfiedBy(receipt, config, () => installedDependencies(path))) continue;
    const directory = placeFor(receipt, { store, dependencies: installedDependencies(path) });
    activate(path, { store, directory, installation });
    return true;
  }
  return false;
}

function stagedReceipt(path: string): Receipt | undefined {
  try {
    return parseReceipt(readTextFile(join(path, RECEIPT_DIRECTORY, RECEIPT_FILE)));
  } catch {
    // It was killed before that.
    return undefined;
  }
}
