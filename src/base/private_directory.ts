import { accessSync, chmodSync, constants, mkdirSync, statSync } from "node:fs";
import { errorCode } from "./errors.ts";
import { setAside } from "./set_aside.ts";

/**
 * Makes a directory of haft's own, with its parents, for its user alone whatever the umask. What lies in its
 * place and is no directory is set aside; one that is closed to its own user is opened.
 */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = errorCode(error);
    if (code !== "EEXIST" && code !== "ENOENT" && code !== "ENOTDIR") throw error;
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
      if (setAside(path) === undefined) throw error;
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    // It is its user's, and has only lost its mode; for another's, this is the error to tell.
    chmodSync(path, 0o700);
  }
}
