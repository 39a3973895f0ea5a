/**
 * Files that a person named for the output of apps. The process itself writes to haft's own log, which
 * outlives every daemon; the daemon copies from there. So one file may take both streams, all instances or
 * several apps, in whole lines, and `haft app logs` still knows which line is whose.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import { withUsersUmask } from "../../base/umask.ts";
import type { LogSettings } from "./log_files.ts";
import { rotateUnused } from "./rotate_log.ts";

const NEWLINE = 10;

/** A pipe without a reader must not hold the daemon up, and no terminal becomes the daemon's. */
const APPENDING = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOCTTY ?? 0);

/**
 * Makes the file, with its directories, where it is missing; their modes are by the user's umask.
 *
 * @throws {HaftError} when it cannot be written to
 */
export function makeLogFile(path: string): void {
  try {
    closeSync(openToAppend(path));
  } catch (error) {
    throw new HaftError(`Cannot write the log "${path}": ${errorCode(error) ?? errorMessage(error)}`, {
      next: "Correct its log in [apps], or the modes of its directory",
      cause: error,
    });
  }
}

/** The files of all apps. Each is opened for what is added to it, so that any program may move it away. */
export class OwnLogFiles {
  /** Every file that was named since the daemon began. */
  readonly #paths = new Set<string>();
  /** Whose line has no end yet, by the file's path. */
  readonly #unended = new Map<string, object>();

  /** To be called before a file is added to. */
  know(path: string): void {
    this.#paths.add(path);
  }

  /** Whether a path is one of the files, or an older part of one. */
  has(path: string): boolean {
    return this.#paths.has(path.replace(/\.\d+$/, "")) || this.#paths.has(path);
  }

  /**
   * Adds whole lines, or the beginning of one. What a file has no room for begins the next one.
   *
   * @param writer a line that another one left without an end is ended first
   * @throws the system's error
   */
  append(
    path: string,
    bytes: Uint8Array,
    { writer, maxSize, keep }: LogSettings & { writer: object },
  ): void {
    const before = this.#unended.get(path);
    if (before !== undefined && before !== writer) this.#write(path, Uint8Array.of(NEWLINE), Infinity);
    for (let at = 0; at < bytes.length;) {
      const count = this.#write(path, bytes.subarray(at), maxSize);
      if (count === 0) rotateUnused(path, keep);
      at += count;
    }
    if (bytes.at(-1) === NEWLINE) this.#unended.delete(path);
    else if (bytes.length > 0) this.#unended.set(path, writer);
  }

  /** @returns how many bytes were written; 0 when the file is full */
  #write(path: string, bytes: Uint8Array, maxSize: number): number {
    const descriptor = openToAppend(path);
    try {
      const file = fstatSync(descriptor);
      const count = file.isFile() ? fitting(bytes, { size: file.size, maxSize }) : bytes.length;
      for (let at = 0; at < count;) at += writeSync(descriptor, bytes, at, count - at);
      return count;
    } finally {
      closeSync(descriptor);
    }
  }
}

/** The bytes of the lines that a file has room for; an empty one takes a line of any length. */
function fitting(bytes: Uint8Array, { size, maxSize }: { size: number; maxSize: number }): number {
  if (size + bytes.length <= maxSize) return bytes.length;
  const room = Math.max(0, maxSize - size);
  const fits = room === 0 ? 0 : bytes.lastIndexOf(NEWLINE, room - 1) + 1;
  if (fits > 0 || size > 0) return fits;
  const end = bytes.indexOf(NEWLINE);
  return end === -1 ? bytes.length : end + 1;
}

function openToAppend(path: string): number {
  return withUsersUmask(() => {
    try {
      return openSync(path, APPENDING, 0o666);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      mkdirSync(dirname(path), { recursive: true });
      return openSync(path, APPENDING, 0o666);
    }
  });
}
