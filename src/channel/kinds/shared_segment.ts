/**
 * A piece of memory that two processes map: a file of a file system in memory, in a directory that is ours
 * alone. Its name is gone as soon as the other process has it mapped, so that a crash leaves nothing behind;
 * a segment whose maker died before that is collected by the next one who makes a segment.
 */
import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { errorCode, HaftError } from "../../base/errors.ts";
import { type MappedFile, runtime } from "../../runtime/mod.ts";
import { openRuntimeDirectory } from "../../socket/runtime_directory.ts";
import { Io } from "../errors.ts";

const MEMORY_FILE_SYSTEM = "/dev/shm";

export interface SharedSegment extends Disposable {
  readonly bytes: Uint8Array;
  /** Where the other process finds it. */
  readonly path: string;
  /** The other process has it: its name goes. */
  forgetName(): void;
}

/**
 * @param size bytes
 * @throws {Io} on a system that has no file system in memory
 */
export function createSegment(size: number): SharedSegment {
  const directory = segmentDirectory();
  openRuntimeDirectory(directory, { uid: process.getuid?.(), create: true });
  collectOrphans(directory);
  const path = join(directory, `${process.pid}-${crypto.randomUUID()}`);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(path, flags, 0o600);
  let mapped: MappedFile;
  try {
    ftruncateSync(file, size);
    mapped = runtime.mapFile(path, size);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  const forgetName = () => rmSync(path, { force: true });
  return {
    bytes: mapped.bytes,
    path,
    forgetName,
    [Symbol.dispose]() {
      forgetName();
      mapped.unmap();
    },
  };
}

/**
 * Maps a segment that the peer has made.
 *
 * @throws {HaftError} when it is not one: elsewhere, a link, another user's, or of another size
 */
export function openSegment(path: string, size: number): MappedFile {
  const directory = segmentDirectory();
  const uid = process.getuid?.();
  openRuntimeDirectory(directory, { uid });
  const stat = lstatSync(path);
  const wrong = dirname(path) !== directory
    ? "it lies elsewhere"
    : !stat.isFile()
    ? "it is not a regular file"
    : uid !== undefined && stat.uid !== uid
    ? `it belongs to user ${stat.uid}`
    : stat.size !== size
    ? `it has ${stat.size} bytes, not ${size}`
    : undefined;
  if (wrong !== undefined) throw new HaftError(`Refusing the segment "${path}": ${wrong}`);
  return runtime.mapFile(path, size);
}

/** The user's own directory for segments. */
export function segmentDirectory(): string {
  if (process.platform === "win32" || !existsSync(MEMORY_FILE_SYSTEM)) {
    throw new Io("Shared memory channels need a file system in memory (/dev/shm), and this system has none", {
      next: "Use a local socket channel",
    });
  }
  return join(MEMORY_FILE_SYSTEM, `haft-${process.getuid?.() ?? 0}`);
}

function collectOrphans(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(/^(\d+)-/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(directory, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}
