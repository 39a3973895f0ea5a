import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { makeDirectory } from "../base/private_directory.ts";
import { writeAtomic } from "../base/write_atomic.ts";

/**
 * Puts a directory of scripts in its place, whole or not at all.
 *
 * @param scripts their text by name; called once the directory can be written
 * @returns whether it is there: another process may have written it meanwhile
 */
export function writeScripts(
  directory: string,
  scripts: () => Iterable<readonly [name: string, text: string]>,
): boolean {
  const staging = `${directory}.${process.pid}`;
  try {
    makeDirectory(staging, { mode: 0o700 });
    for (const [name, text] of scripts()) {
      writeAtomic(join(staging, name), text, { mode: 0o700, durable: false });
    }
    renameSync(staging, directory);
    return true;
  } catch {
    removeIfPossible(staging);
    return existsSync(directory);
  }
}

/** A read-only file system removes nothing either. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The scripts are of use, and not needed.
  }
}
