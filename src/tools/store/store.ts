import { readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { readOrSetAside } from "../../base/set_aside.ts";
import { hasDependencies } from "../../protocol/artifact.ts";
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
import { lostExecutable } from "./executables.ts";
import { installationName, stagingName, versionOf } from "./store_names.ts";
import { makeDirectory } from "../../base/private_directory.ts";

export type StorePaths = Pick<Paths, "store" | "staging" | "locks">;

/** The directory of all versions of a tool. */
export function storeDirectory({ store }: Pick<Paths, "store">, storeId: string): string {
  return join(store, storeId);
}

/** A complete installation. */
export interface InstalledTool {
  receipt: Receipt;
  /** The install directory. */
  directory: string;
}

/**
 * The installed tools on disk: `<store>/<store id>/<version>`, each complete with its receipt or not there.
 * Projects that ask for different content under one version each have theirs, see `placeFor()`.
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

  /**
   * @param name a version, or one with a content's key
   * @throws {HaftError} when one of the names cannot be a path component
   */
  directory(storeId: string, name: string): string {
    installationName(storeId, versionOf(name));
    return join(this.#paths.store, storeId, name);
  }

  /**
   * The receipt of the installation in a directory. Reads one small file; one that is damaged is set aside,
   * and the tool counts as not installed.
   */
  receipt(storeId: string, name: string): Receipt | undefined {
    const file = join(this.directory(storeId, name), RECEIPT_DIRECTORY, RECEIPT_FILE);
    const receipt = readOrSetAside(file, parseReceipt);
    return receipt?.store_id === storeId && receipt.version === versionOf(name) ? receipt : undefined;
  }

  /** All complete installations of a version, the newest first. */
  installations(storeId: string, version: string): InstalledTool[] {
    installationName(storeId, version);
    return names(join(this.#paths.store, storeId), (name) => isOfVersion(name, version))
      .flatMap((name) => this.#installedAs(storeId, name))
      .toSorted((a, b) => newerFirst(a.receipt, b.receipt));
  }

  /** All directories of the versions that fit, also those whose installation is not complete. */
  directories(storeId: string, fits: (version: string) => boolean): string[] {
    const own = storeDirectory(this.#paths, storeId);
    return names(own, (name) => fits(versionOf(name))).map((name) => join(own, name));
  }

  /** The installation that is exactly what a config asks for, with all of its executables. */
  satisfying(config: InstallConfig): InstalledTool | undefined {
    const isIt = (one: InstalledTool) =>
      satisfiedBy(one.receipt, config, () => installedDependencies(one.directory)) &&
      lostExecutable(one) === undefined;
    // A content is in one directory, usually that of the version's name: then the others, which may be
    // thousands, are not listed. Without a lock of the dependencies, several contents satisfy.
    const isOne = !hasDependencies(config.kind) || config.dependencies_lock !== null;
    const [plain] = isOne ? this.#installedAs(config.store_id, config.version) : [];
    if (plain !== undefined && isIt(plain)) return plain;
    return this.installations(config.store_id, config.version).find(isIt);
  }

  /** The directories of tools, also of those that have no complete installation. */
  ids(): string[] {
    return names(this.#paths.store);
  }

  /** All complete installations, by store id, then directory. */
  list(): InstalledTool[] {
    return this.ids().flatMap((storeId) => this.versions(storeId));
  }

  /** A tool's complete installations. */
  versions(storeId: string): InstalledTool[] {
    return names(join(this.#paths.store, storeId)).flatMap((name) => this.#installedAs(storeId, name));
  }

  /** Holds a version: no other process installs or removes it until the lock is released. */
  async lock(storeId: string, version: string, options: ProcessLockOptions = {}): Promise<FileLock> {
    makeDirectory(this.#paths.locks);
    return await processLock(this.lockPath(installationName(storeId, version)), options);
  }

  lockPath(installation: string): string {
    return join(this.#paths.locks, `${installation}.lock`);
  }

  /**
   * Removes the installation in a directory: it is renamed away in one step, then deleted, so that half of it
   * is never seen. A tool that runs goes on running.
   * @returns false when it was not there.
   */
  async remove(storeId: string, name: string, options: ProcessLockOptions = {}): Promise<boolean> {
    const directory = this.directory(storeId, name);
    const version = versionOf(name);
    using _lock = await this.lock(storeId, version, options);
    const aside = this.moveAside(directory, installationName(storeId, version));
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
  moveAside(directory: string, installation: string): string | undefined {
    makeDirectory(this.#paths.staging);
    const aside = join(this.#paths.staging, stagingName(installation, crypto.randomUUID()));
    try {
      renameSync(directory, aside);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
    return aside;
  }

  #installedAs(storeId: string, name: string): InstalledTool[] {
    try {
      const receipt = this.receipt(storeId, name);
      return receipt === undefined ? [] : [{ receipt, directory: this.directory(storeId, name) }];
    } catch {
      // Not a name that haft would give, or not readable: not one of ours.
      return [];
    }
  }
}

function newerFirst(a: Receipt, b: Receipt): number {
  return a.installed_at < b.installed_at ? 1 : a.installed_at > b.installed_at ? -1 : 0;
}

function isOfVersion(name: string, version: string): boolean {
  return name.startsWith(version) && versionOf(name) === version;
}

/** What is in a directory, sorted, without hidden names. */
function names(directory: string, isWanted: (name: string) => boolean = () => true): string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith(".") && isWanted(name)).sort();
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
