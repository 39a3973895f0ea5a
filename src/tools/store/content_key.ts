import { existsSync } from "node:fs";
import { sha256 } from "../../base/sha256.ts";
import { hasDependencies } from "../../protocol/artifact.ts";
import { installedDependencies, type Receipt } from "./receipt.ts";
import type { Store } from "./store.ts";
import { keyedName } from "./store_names.ts";

/** What of a receipt decides which files there are. */
type Content = Pick<Receipt, "platform" | "kind" | "artifacts">;

/**
 * The directory for an installation. A version has a directory of its name; other content of the same
 * version, which another project asks for, has one beside it with the content's key in its name. The same
 * content always takes the same directory, where it replaces what is there.
 *
 * @param dependencies the lock of its dependencies, for `js`
 */
export function placeFor(
  { store_id: storeId, version, ...content }: Content & Pick<Receipt, "store_id" | "version">,
  { store, dependencies }: { store: Store; dependencies: string | undefined },
): string {
  const key = contentKey(content, dependencies);
  const same = store.installations(storeId, version).find(({ receipt, directory }) =>
    contentKey(receipt, installedDependencies(directory)) === key
  );
  if (same !== undefined) return same.directory;
  const keyed = store.directory(storeId, keyedName(version, key));
  // One whose receipt is damaged is made again where it is.
  const isFree = store.receipt(storeId, version) === undefined && !existsSync(keyed);
  return isFree ? store.directory(storeId, version) : keyed;
}

function contentKey({ platform, kind, artifacts }: Content, dependencies: string | undefined): string {
  const integrities = artifacts.map(({ artifact }) => artifact.integrity);
  const text = JSON.stringify([platform, kind, integrities, hasDependencies(kind) ? dependencies : null]);
  return sha256(text).slice(0, 16);
}
