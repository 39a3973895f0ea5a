import { realpathSync } from "node:fs";
import { HaftError } from "../base/errors.ts";
import { runningFrom } from "../process/running_from.ts";
import { catalogueSource } from "../tools/catalogue/catalogue.ts";
import { storeId } from "../tools/request.ts";
import type { Receipt } from "../tools/store/receipt.ts";
import type { Store } from "../tools/store/store.ts";

/** Processes that a message names; more are counted. */
const NAMED = 5;

/** The installations that a tool's name means, whatever source they are from. */
export function installationsOf(name: string, store: Store): Receipt[] {
  const ids = new Set([name, storeId({ name }, catalogueSource(name))]);
  return store.list().filter(({ tool, store_id: id }) => ids.has(tool) || ids.has(id));
}

/**
 * Removes installations from the store, all or none.
 *
 * @returns those that were there, with where they were
 * @throws {HaftError} when processes still run from one of them, and `force` does not say to remove it all
 * the same
 */
export async function removeTools(
  receipts: readonly Receipt[],
  { store, force, signal }: { store: Store; force: boolean; signal: AbortSignal },
): Promise<{ tool: string; version: string; path: string }[]> {
  if (!force) receipts.forEach((receipt) => refuseWhileRunning(receipt, store));
  const removed: { tool: string; version: string; path: string }[] = [];
  for (const { tool, store_id: id, version } of receipts) {
    const path = store.directory(id, version);
    if (await store.remove(id, version, { signal })) removed.push({ tool, version, path });
  }
  return removed;
}

function refuseWhileRunning({ tool, version, store_id: id }: Receipt, store: Store): void {
  const directory = store.directory(id, version);
  const running = runningFrom([directory, realpathSync(directory)]);
  if (running.length === 0) return;
  const named = running.slice(0, NAMED).map(({ pid, command }) => `${pid} (${command.slice(0, 200)})`);
  const more = running.length > NAMED ? ` and ${running.length - NAMED} more` : "";
  throw new HaftError(`${tool} ${version} is in use by process ${named.join(", ")}${more}`, {
    next: `Stop what runs, or remove the tool all the same: haft uninstall ${tool}@${version} --force`,
  });
}
