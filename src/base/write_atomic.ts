import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode, withPath } from "./errors.ts";
import { makeDirectory } from "./private_directory.ts";
import { asUsersFile } from "./umask.ts";

/**
 * Replaces a file's content in one step: readers, a full disk and a crash find the old text or the new one,
 * never a part. Directories are made as needed.
 * @param mode `user`: the file is the user's and no file of haft's own. A new one has a mode by the user's
 * umask, as its directories, and one that is there keeps its mode.
 * @param durable false for what can be had again: a power cut may then leave an empty file
 * @throws the system's error; the file is as it was then
 */
export function writeAtomic(
  path: string,
  text: string,
  { mode = 0o644, durable = true }: { mode?: number | "user"; durable?: boolean } = {},
): void {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    const file = mode === "user"
      ? openUsersIn(directory, temporary, path)
      : openIn(directory, temporary, mode);
    try {
      writeFileSync(file, text);
      if (durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // It was never made, or the directory does not let go of it: the first error is the one to tell.
    }
    throw withPath(error, path);
  }
}

/** Opens a new file in place of the user's. A link there says nothing of the mode of what replaces it. */
function openUsersIn(directory: string, path: string, replaced: string): number {
  const before = lstatSync(replaced, { throwIfNoEntry: false });
  const kept = before?.isFile() === true ? before.mode & 0o777 : undefined;
  const file = asUsersFile(() => openIn(directory, path, kept ?? 0o666));
  if (kept === undefined || (fstatSync(file).mode & 0o777) === kept) return file;
  try {
    fchmodSync(file, kept);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Opens a new file. Most often its directory is there, so that is made when the file cannot be. */
function openIn(directory: string, path: string, mode: number): number {
  try {
    return openSync(path, "wx", mode);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    // A file for its user alone is in a directory for its user alone.
    makeDirectory(directory, { mode: (mode & 0o077) === 0 ? 0o700 : 0o777 });
    return openSync(path, "wx", mode);
  }
}
