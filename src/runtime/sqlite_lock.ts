import process from "node:process";
import type { FileLock } from "./types.ts";

/**
 * A lock where there is no flock: an exclusive transaction on an SQLite file, which the system ends with the
 * process. Both runtimes use it on Windows, so that they exclude each other.
 */
export function sqliteTryLock(path: string): FileLock | undefined {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined;
    throw error;
  }
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    database.close();
  };
  return { release, [Symbol.dispose]: release };
}
