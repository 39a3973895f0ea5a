import { lstatSync, type Stats } from "node:fs";
import { errorCode, HaftError } from "../base/errors.ts";
import { setAside } from "../base/set_aside.ts";

/**
 * A lock file must be a plain file of its own name: through a symbolic link, another user could make haft
 * open, create or lock a file of their choice. Deno cannot open with O_NOFOLLOW, so the path is looked at
 * before and compared after.
 */
export function refuseLink(path: string): void {
  let stat: Stats;
  try {
    stat = lstatSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  // No process can hold a directory locked, so it can be taken away.
  if (stat.isDirectory() && setAside(path) !== undefined) return;
  if (!stat.isFile()) throw notAFile(path);
}

/** @param opened the inode that was opened under the path */
export function refuseSwapped(path: string, opened: { dev: number; ino: number | null }): void {
  const stat = lstatSync(path);
  if (!stat.isFile() || stat.dev !== opened.dev || stat.ino !== opened.ino) throw notAFile(path);
}

function notAFile(path: string): HaftError {
  return new HaftError(`Cannot lock "${path}": it is not a regular file`, {
    next: "Remove it and run haft again",
  });
}
