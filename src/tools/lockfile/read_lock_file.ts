import { readTextFile } from "../../base/read_text_file.ts";
import type { ToolKind } from "../../protocol/artifact.ts";
import { basename, dirname, join } from "node:path";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import { SYSTEM_FAILURES } from "../../base/system_error.ts";
import { emptyLockFile, type LockFile } from "../locked_tool.ts";
import { parseLockFile } from "./parse_lock_file.ts";

/** A project's lock file as it is on disk. */
export interface StoredLock {
  lock: LockFile;
  /** Its text; undefined when the file does not exist. */
  text: string | undefined;
}

/** @throws {HaftError} when the file is there but is not a lock file */
export function readLock(path: string): StoredLock {
  const text = readTextIfAny(path);
  return { lock: text === undefined ? emptyLockFile() : parseLockFile(text, path), text };
}

/** The file's text, or undefined when there is no such file. */
export function readTextIfAny(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    const known = SYSTEM_FAILURES[errorCode(error) ?? ""];
    throw new HaftError(`Cannot read "${path}": ${known?.reason ?? errorMessage(error)}`, {
      ...(known === undefined ? {} : { next: known.next(path) }),
      cause: error,
    });
  }
}

/**
 * Where the installer of a package with dependencies keeps its own lock for one tool: beside `haft.lock`, in
 * `haft.lock.d/<store id>.bun.lock`, or `….requirements.txt` for Python. It pins the dependencies, as
 * haft.lock pins the package; commit both.
 * @param storeId see `storeId()` in request.ts
 */
export function dependenciesLockPath(lockPath: string, storeId: string, kind: ToolKind): string {
  const ending = kind === "python" ? "requirements.txt" : "bun.lock";
  return join(dirname(lockPath), DEPENDENCIES, `${storeId}.${ending}`);
}

const DEPENDENCIES = "haft.lock.d";

/** Whether a file is the lock of another tool's dependencies. */
export function isOthersLock(path: string, storeId: string): boolean {
  return basename(dirname(path)) === DEPENDENCIES && !basename(path).startsWith(`${storeId}.`);
}
