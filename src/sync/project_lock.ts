import { lstatSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorMessage, HaftError } from "../base/errors.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import { builtInCatalogue } from "../tools/catalogue/catalogue.ts";
import type { LockedTool, LockFile } from "../tools/locked_tool.ts";
import { dependenciesLockPath } from "../tools/lockfile/read_lock_file.ts";
import { storeId } from "../tools/request.ts";
import { makeDirectory } from "../base/private_directory.ts";
import { sha256 } from "../base/sha256.ts";

/** Writes the lock file when its bytes differ. @returns whether they did */
export async function writeLock(path: string, lock: LockFile, before: string | undefined): Promise<boolean> {
  const { formatLockFile } = await import("../tools/lockfile/format_lock_file.ts");
  const text = formatLockFile(lock);
  if (text === before || (before === undefined && Object.keys(lock.tools).length === 0)) return false;
  writeProjectFile(path, text, { root: dirname(path) });
  return true;
}

/** Removes the locks of dependencies of tools that are no longer in a lock file. */
export function removeDependenciesLocks(
  lockPath: string,
  tools: Iterable<readonly [name: string, tool: LockedTool]>,
): void {
  for (const [name, { definition }] of tools) {
    const id = storeId({ name }, { catalogueSource: builtInCatalogue.source(name), definition });
    for (const kind of ["js", "python"] as const) {
      rmSync(dependenciesLockPath(lockPath, id, kind), { force: true });
    }
  }
}

/**
 * Writes a file of a project, with a mode by the user's umask where it is new. A link to a file is replaced
 * and not followed, and so that nothing is written elsewhere, no directory below the project may be a link.
 *
 * @param root the project's own directory, however it was reached
 * @throws {HaftError} when the project cannot be written to
 */
export function writeProjectFile(path: string, text: string, { root }: { root: string }): void {
  for (let at = dirname(path); at !== root && at !== dirname(at); at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
    throw new HaftError(`Refusing to write "${path}": "${at}" is a link`, {
      next: "Make it a directory of the project",
    });
  }
  try {
    writeAtomic(path, text, { mode: "user" });
  } catch (error) {
    throw new HaftError(`Cannot write "${path}": ${errorMessage(error)}`, {
      next: "Check the directory's permissions and free space",
      cause: error,
    });
  }
}

/**
 * Runs `work` while no other sync of the same project reads and writes its lock file. Installs are not part
 * of it: each version in the store has a lock of its own.
 */
export async function holdingProject<T>(
  root: string,
  { locks, signal }: { locks: string; signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const { processLock } = await import("../runtime/process_lock.ts");
  makeDirectory(locks);
  const name = sha256(root).slice(0, 16);
  using _lock = await processLock(join(locks, `project-${name}.lock`), { signal });
  return await work();
}
