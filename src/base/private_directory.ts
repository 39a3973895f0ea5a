import { mkdirSync, statSync } from "node:fs";
import { errorCode } from "./errors.ts";
import { setAside } from "./set_aside.ts";

/**
 * Makes a directory of haft's own, with its parents, for its user alone whatever the umask. What lies in its
 * place and is no directory is set aside.
 */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = errorCode(error);
    if (code !== "EEXIST" && code !== "ENOENT" && code !== "ENOTDIR") throw error;
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    if (setAside(path) === undefined) throw error;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}
