import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { readOrSetAside } from "../../base/set_aside.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { type FileLock, processLock, type ProcessLockOptions } from "../../runtime/process_lock.ts";
import {
  installedDependencies,
  parseReceipt,
  type Receipt,
  RECEIPT_DIRECTORY,
  RECEIPT_FILE,
  satisfiedBy,
} from "./receipt.ts";
import { installationName, stagingName } from "./store_names.ts";

export type StorePaths = Pick<Paths, "store" | "staging" | "locks">;

/** The directory of all versions of a tool. */
export function storeDirectory({ store }: Pick<Paths, "store">, storeId: string): string {
  return join(store, storeId);
}

/**
 * The installed tools on disk: `<store>/<store id>/<version>`, each complete with its receipt or not there.
 */
export class Store {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  /** The store's own directory. */
  get root(): string {
    return this.#paths.store;
  }

  /** @throws {HaftError} when one of the names cannot be a path component. */
  directory(storeId: string, version: string): string {
    installationName(storeId, version);
    return join(this.#paths.store, storeId, version);
  }

  /**
   * The receipt of a complete installation. Reads one small file; one that is damaged is set aside, and the
   * tool counts as not installed.
   */
  receipt(storeId: string, version: string): Receipt | undefined {
    const file = join(this.directory(storeId, version), RECEIPT_DIRECTORY, RECEIPT_FILE);
    const receipt = readOrSetAside(file, parseReceipt);
    return receipt?.store_id === storeId && receipt.version === version ? receipt : undefined;
  }

  /** The receipt, when the installation is exactly what a config asks for. */
  satisfying(config: InstallConfig): Receipt | undefined {
    const { store_id: storeId, version } = config;
    const receipt = this.receipt(storeId, version);
    const dependencies = () => installedDependencies(this.directory(storeId, version));
    return receipt !== undefined && satisfiedBy(receipt, config, dependencies) ? receipt : undefined;
  }

  /** The directories of tools, also of those that have no complete installation. */
  ids(): string[] {
    return names(this.#paths.store);
  }

  /** The receipts of all complete installations, by store id, then version. */
  list(): Receipt[] {
    return this.ids().flatMap((storeId) => this.versions(storeId));
  }

  /** The receipts of a tool's complete installations. */
  versions(storeId: string): Receipt[] {
    return names(join(this.#paths.store, storeId)).flatMap((version) => this.#receiptOf(storeId, version));
  }

  /** Holds the installation: no other process installs or removes it until the lock is released. */
  async lock(storeId: string, version: string, options: ProcessLockOptions = {}): Promise<FileLock> {
    mkdirSync(this.#paths.locks, { recursive: true });
    return await processLock(this.lockPath(installationName(storeId, version)), options);
  }

  lockPath(installation: string): string {
    return join(this.#paths.locks, `${installation}.lock`);
  }

  /**
   * Removes an installation: it is renamed away in one step, then deleted, so that half of it is never seen.
   * A tool that runs goes on running.
   * @returns false when it was not there.
   */
  async remove(storeId: string, version: string, options: ProcessLockOptions = {}): Promise<boolean> {
    const directory = this.directory(storeId, version);
    using _lock = await this.lock(storeId, version, options);
    const aside = this.moveAside(storeId, version);
    if (aside === undefined) return false;
    rmSync(aside, { recursive: true, force: true });
    removeIfEmpty(dirname(directory));
    return true;
  }

  /**
   * Renames an installation into the staging area, where a later install finishes the deletion should this
   * process die. The caller holds its lock.
   * @returns where it is now, or undefined when there was none.
   */
  moveAside(storeId: string, version: string): string | undefined {
    mkdirSync(this.#paths.staging, { recursive: true });
    const name = stagingName(installationName(storeId, version), crypto.randomUUID());
    const aside = join(this.#paths.staging, name);
    try {
      renameSync(this.directory(storeId, version), aside);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
    return aside;
  }

  #receiptOf(storeId: string, version: string): Receipt[] {
    try {
      const receipt = this.receipt(storeId, version);
      return receipt === undefined ? [] : [receipt];
    } catch {
      // Not a name that haft would give, or not readable: not one of ours.
      return [];
    }
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith(".")).sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Another version is there.
  }
}
