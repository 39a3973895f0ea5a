import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { HaftError } from "../base/errors.ts";
import { runningFrom, type RunningProcess } from "../process/running_from.ts";
import { builtInCatalogue } from "../tools/catalogue/catalogue.ts";
import { storeId } from "../tools/request.ts";
import type { InstalledTool, Store } from "../tools/store/store.ts";

/** Processes that a message names; more are counted. */
const NAMED = 5;

/** The installations that a tool's name means, whatever source they are from. */
export function installationsOf(name: string, store: Store): InstalledTool[] {
  const ids = new Set([name, storeId({ name }, { catalogueSource: builtInCatalogue.source(name) })]);
  return store.list().filter(({ receipt }) => ids.has(receipt.tool) || ids.has(receipt.store_id));
}

/**
 * Removes installations from the store, all or none.
 *
 * @returns those that were there, with where they were
 * @throws {HaftError} when processes still run from one of them, and `force` does not say to remove it all
 * the same
 */
export async function removeTools(
  installations: readonly InstalledTool[],
  { store, force, signal }: { store: Store; force: boolean; signal: AbortSignal },
): Promise<{ tool: string; version: string; path: string }[]> {
  if (!force) installations.forEach(refuseWhileRunning);
  const removed: { tool: string; version: string; path: string }[] = [];
  for (const { receipt: { tool, store_id: id, version }, directory: path } of installations) {
    if (await store.remove(id, basename(path), { signal })) removed.push({ tool, version, path });
  }
  return removed;
}

/** The processes that run from an installation. */
export function runningFromTool({ directory }: InstalledTool): RunningProcess[] {
  return runningFrom([directory, realpathSync(directory)]);
}

function refuseWhileRunning(installation: InstalledTool): void {
  const { receipt: { tool, version } } = installation;
  const running = runningFromTool(installation);
  if (running.length === 0) return;
  const named = running.slice(0, NAMED).map(({ pid, command }) => `${pid} (${command.slice(0, 200)})`);
  const more = running.length > NAMED ? ` and ${running.length - NAMED} more` : "";
  throw new HaftError(`${tool} ${version} is in use by process ${named.join(", ")}${more}`, {
    next: `Stop what runs, or remove the tool all the same: haft uninstall ${tool}@${version} --force`,
  });
}
