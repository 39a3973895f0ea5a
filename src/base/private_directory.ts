import { accessSync, chmodSync, constants, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname, sep } from "node:path";
import process from "node:process";
import { errorCode } from "./errors.ts";
import { setAside } from "./set_aside.ts";

/**
 * Makes a directory of haft's own, with its parents, for its user alone whatever the umask. What lies in its
 * place and is no directory is set aside; one that is closed to its own user is opened.
 */
export function makePrivateDirectory(path: string): void {
  makeDirectory(path, { mode: 0o700 });
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    // It is its user's, and has only lost its mode; for another's, this is the error to tell.
    chmodSync(path, 0o700);
  }
}

/**
 * Makes a directory, with its parents. What lies in the place of one of haft's own and is no directory is set
 * aside.
 */
export function makeDirectory(path: string, { mode }: { mode?: number } = {}): void {
  const options = { recursive: true, ...(mode === undefined ? {} : { mode }) };
  try {
    mkdirSync(path, options);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "EEXIST" && code !== "ENOENT" && code !== "ENOTDIR") throw error;
    const blocking = notDirectory(path);
    if (blocking === undefined) {
      // Another process made it in this moment.
      if (isDirectory(path)) return;
      throw error;
    }
    if (!isOwn(blocking, path) || setAside(blocking) === undefined) throw error;
    mkdirSync(path, options);
  }
}

/** The path, or the one above it, that is there and is no directory. */
export function notDirectory(path: string): string | undefined {
  for (let at = path;; at = dirname(at)) {
    if (exists(at)) return isDirectory(at) ? undefined : at;
    if (dirname(at) === at) return undefined;
  }
}

/** Whether a path is one of haft's own directories, or below one, as the wanted path is. */
function isOwn(path: string, wanted: string): boolean {
  const home = process.env["HAFT_HOME"];
  if (path === wanted || home !== undefined && path.startsWith(home + sep)) return true;
  const own = wanted.lastIndexOf(`${sep}haft${sep}`);
  return own >= 0 && path.length >= own + `${sep}haft`.length;
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
