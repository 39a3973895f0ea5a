import { readFileSync } from "node:fs";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import { emptyLockFile, type LockFile } from "./locked_tool.ts";
import { parseLockFile } from "./parse_lock_file.ts";

/** A project's lock file as it is on disk. */
export interface StoredLock {
  lock: LockFile;
  /** Its text; undefined when there is none. */
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
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw new HaftError(`Cannot read "${path}": ${errorMessage(error)}`, { cause: error });
  }
}
