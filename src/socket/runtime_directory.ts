import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
} from "node:fs";
import { basename, dirname } from "node:path";
import { errorCode, HaftError } from "../base/errors.ts";

export interface RuntimeDirectoryOptions {
  /** Who must own it; undefined skips the check (Windows has no sockets in directories). */
  uid: number | undefined;
  /** Make it (0700) when it is missing. Without it a missing directory is an ENOENT error. */
  create?: boolean;
}

/**
 * Proves that the directory of the sockets is this user's alone: a real directory (not a link to one), owned
 * by us, closed to group and others. The owner of a directory could replace our socket in
 * it.
 *
 * @throws {HaftError} with the reason; a system error with `code` `ENOENT` when it is missing and not to be
 * made
 */
export function openRuntimeDirectory(path: string, { uid, create = false }: RuntimeDirectoryOptions): void {
  if (create) makeDirectory(path);
  const seen = lstatSync(path);
  if (seen.isSymbolicLink()) refuse(path, "it is a symbolic link");
  if (!seen.isDirectory()) refuse(path, "it is not a directory");
  // Opened without following a link, so that what was seen and what is checked are one and the same.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  let opened: Stats;
  try {
    opened = fstatSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (opened.ino !== seen.ino || opened.dev !== seen.dev) refuse(path, "it was replaced while being opened");
  if (uid !== undefined && opened.uid !== uid) {
    refuse(path, `it belongs to user ${opened.uid}, and you are user ${uid}`);
  }
  if ((opened.mode & 0o077) !== 0) {
    refuse(
      path,
      `its mode is ${(opened.mode & 0o7777).toString(8).padStart(4, "0")}, so other users can get in`,
    );
  }
}

function makeDirectory(path: string): void {
  try {
    // XDG_RUNTIME_DIR may name a directory that nothing has made yet, in a container for example.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    mkdirSync(path, { mode: 0o700 });
    // A umask that takes bits from the owner would leave a directory that not even we can use.
    chmodSync(path, 0o700);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return;
    throw new HaftError(`Cannot create runtime directory "${path}": ${errorCode(error) ?? error}`, {
      next: "Set XDG_RUNTIME_DIR to a directory of your own, or unset it",
      cause: error,
    });
  }
}

function refuse(path: string, reason: string): never {
  // One that a socket was put into by --socket or HAFT_SOCKET may be the system's, and is to stay as it is.
  const isOwn = basename(path).startsWith("haft");
  throw new HaftError(`Refusing runtime directory "${path}": ${reason}`, {
    next: isOwn
      ? "Remove it, make it yours alone (chmod 700), or set XDG_RUNTIME_DIR to a directory of your own"
      : "Name a socket in a directory that is yours alone (mode 0700)",
  });
}
