import { compare, parse } from "@std/semver";
import { join } from "node:path";
import { lockState } from "../lockfile/lock_matches.ts";
import type { LockFile } from "../locked_tool.ts";
import type { Platform } from "../platform.ts";
import { platformParts } from "../platform.ts";
import type { ToolRequest } from "../request.ts";
import { toolStoreId } from "../resolve/install_config.ts";
import type { Receipt } from "../store/receipt.ts";
import type { Store } from "../store/store.ts";
import { versionSatisfies } from "../versions/pick_version.ts";

/** One tool of a project, as it is on this machine. */
export interface ProjectTool {
  request: ToolRequest;
  /** What the lock file says, or what is installed; undefined while neither says anything. */
  version: string | undefined;
  /** Undefined when that version is not installed. */
  installed: InstalledTool | undefined;
  /** Meant for another system. */
  elsewhere: boolean;
}

export interface InstalledTool {
  receipt: Receipt;
  /** The install directory. */
  directory: string;
}

export interface InstalledToolsContext {
  lock: LockFile;
  store: Store;
  platform: Platform;
}

/**
 * Finds what a request runs: the version that the lock file names, or, where the lock file says nothing, the
 * newest installed one that the request could mean.
 */
export function projectTool(
  request: ToolRequest,
  { lock, store, platform }: InstalledToolsContext,
): ProjectTool {
  const elsewhere = request.os !== undefined && !request.os.includes(platformParts(platform).os);
  const storeId = toolStoreId(request);
  const entry = Object.hasOwn(lock.tools, request.name) ? lock.tools[request.name] : undefined;
  const locked = entry !== undefined && lockState(request, entry) !== "stale" ? entry.version : undefined;
  const version = locked ?? newestInstalled(request, { store, storeId });
  const receipt = version === undefined ? undefined : store.receipt(storeId, version);
  return {
    request,
    version,
    elsewhere,
    installed: receipt === undefined || receipt.platform !== platform
      ? undefined
      : { receipt, directory: store.directory(storeId, receipt.version) },
  };
}

function newestInstalled(
  request: ToolRequest,
  { store, storeId }: { store: Store; storeId: string },
): string | undefined {
  return store.list()
    .filter(({ store_id: id, version }) => id === storeId && versionSatisfies(request.version, version))
    .map(({ version }) => version)
    .toSorted((a, b) => compare(parse(b), parse(a)))[0];
}

/** The executables of an installed tool: name → absolute path. */
export function executablesOf({ receipt, directory }: InstalledTool): Record<string, string> {
  return Object.fromEntries(Object.entries(receipt.bin).map(([name, path]) => [name, join(directory, path)]));
}
