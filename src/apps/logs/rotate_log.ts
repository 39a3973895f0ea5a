/**
 * Rotation of a file that another process holds open. The process will not reopen it, so the file cannot be
 * renamed away from under it; and to copy it and cut it off while it is written loses what comes in between.
 *
 * So the app's processes are stopped for an instant (SIGSTOP, until each of their threads is seen stopped),
 * the file is copied and cut to nothing, and they go on. They opened it with O_APPEND, so that their next
 * write is at its beginning. Nothing can be written in between, so nothing is lost; the pause is the copying
 * of one file, a few milliseconds for 10 MiB.
 *
 * Other ways that were weighed: to punch a hole into what has been read needs no stop, but leaves a file
 * whose length only grows, full of zeros for everybody who reads it, and a system call that neither runtime
 * offers; a helper process with a pipe would be one more process for each app that must not die. The price of
 * this way: a system call that the stop interrupts may return EINTR, which programs must expect anyway.
 *
 * A daemon that is killed half way leaves processes stopped. A note beside the log says how far it had come,
 * and {@link recoverRotation} finishes it.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { Buffer } from "node:buffer";
import * as v from "valibot";
import { readOrSetAside, setAsideUnlessFile } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { copyPath, rotatedPath, shiftRotated } from "./log_files.ts";

/** The processes that may write to a log, seen as something that can be held still. */
export interface Writers {
  /** Stops them all. False: one could not be stopped in time; they all go on. */
  hold(): Promise<boolean>;
  /** Lets them go on. */
  release(): void;
}

export type RotationOutcome = "rotated" | "not_stopped";

const RotationNote = v.object({
  /** `rotated`: all is done but to let the writers go on. */
  phase: v.picklist(["copying", "copied", "rotated"]),
  /** Of the copy. */
  inode: v.number(),
  /** Bytes of the log that the copy has. */
  size: v.number(),
  /** How often the log had been rotated before. */
  rotations: v.number(),
});
type RotationNote = v.InferOutput<typeof RotationNote>;

/**
 * @param keep files in all, the current one included
 * @param rotations how often it was rotated before
 * @param onRotated called while the writers are held, when the log is empty and `.1` has what it had
 * @throws the system's error when there is no room for the copy; the log is as it was
 */
export async function rotateLog(
  path: string,
  { keep, rotations, writers, onRotated }: {
    keep: number;
    rotations: number;
    writers: Writers;
    onRotated: () => void;
  },
): Promise<RotationOutcome> {
  writeNote(path, { phase: "copying", inode: 0, size: 0, rotations });
  try {
    if (!await writers.hold()) return "not_stopped";
    const size = copyLog(path);
    const { ino: inode } = statSync(copyPath(path));
    writeNote(path, { phase: "copied", inode, size, rotations });
    shiftRotated(path, keep);
    if (keep > 1) renameSync(copyPath(path), rotatedPath(path, 1));
    else rmSync(copyPath(path));
    truncateSync(path, 0);
    onRotated();
    writeNote(path, { phase: "rotated", inode, size, rotations });
    return "rotated";
  } catch (error) {
    rmSync(copyPath(path), { force: true });
    throw error;
  } finally {
    // The note goes last: it says that processes may still be stopped.
    writers.release();
    forgetRotation(path);
  }
}

/** Without writers the file itself is renamed. The next process makes a new one. */
export function rotateUnused(path: string, keep: number): void {
  if (keep > 1) {
    shiftRotated(path, keep);
    renameSync(path, rotatedPath(path, 1));
  } else rmSync(path, { force: true });
}

/** Whether a rotation was begun and not finished: the writers may still be stopped. */
export function isRotationPending(path: string): boolean {
  return existsSync(notePath(path));
}

/**
 * Finishes what a killed daemon began; the writers must still be stopped, or have ended. The caller lets them
 * go on and then calls {@link forgetRotation}; until then the next daemon knows that they may be stopped. May
 * be repeated.
 *
 * @returns how often the log had been rotated before, when it was rotated once more; else undefined
 */
export function recoverRotation(path: string, keep: number): number | undefined {
  setAsideUnlessFile(copyPath(path));
  const note = readNote(path);
  if (note === undefined) writeNote(path, { phase: "copying", inode: 0, size: 0, rotations: 0 });
  let rotated: number | undefined;
  if (note?.phase === "copied") {
    const copied = inodeOf(copyPath(path)) === note.inode;
    const current = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    // Longer than its copy: the writers went on. Then the log stays, and the copy goes.
    const unchanged = current === note.size;
    if (copied && unchanged && keep > 1) {
      shiftRotated(path, keep);
      renameSync(copyPath(path), rotatedPath(path, 1));
    }
    if (unchanged && (keep <= 1 || inodeOf(rotatedPath(path, 1)) === note.inode)) truncateSync(path, 0);
    if (inodeOf(rotatedPath(path, 1)) === note.inode) rotated = note.rotations;
  }
  if (note?.phase === "rotated") rotated = note.rotations;
  rmSync(copyPath(path), { force: true });
  // Once more, the log is the writers' again, and would not be cut off.
  if (note?.phase === "copied" && rotated !== undefined) writeNote(path, { ...note, phase: "rotated" });
  return rotated;
}

/** The writers go on: nothing is left of the rotation. */
export function forgetRotation(path: string): void {
  rmSync(notePath(path), { force: true, recursive: true });
}

/** Copies all of a log; by reference where the file system can. @returns its bytes */
function copyLog(path: string): number {
  copyFileSync(path, copyPath(path), constants.COPYFILE_FICLONE);
  let copied = statSync(copyPath(path)).size;
  // A writer that is no process of the app's, and so was not stopped: what it adds is taken along as far as
  // can be.
  while (statSync(path).size > copied) copied += copyRest(path, copied);
  return copied;
}

function copyRest(path: string, from: number): number {
  const source = openSync(path, "r");
  const target = openSync(copyPath(path), "a", 0o600);
  try {
    const buffer = Buffer.alloc(64 * 1024);
    const count = readSync(source, buffer, 0, buffer.length, from);
    writeSync(target, buffer, 0, count);
    return count;
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

function notePath(path: string): string {
  return `${path}.rotation`;
}

function writeNote(path: string, note: RotationNote): void {
  writeAtomic(notePath(path), JSON.stringify(note), { mode: 0o600, durable: false });
}

function readNote(path: string): RotationNote | undefined {
  return readOrSetAside(notePath(path), (text) => v.parse(RotationNote, JSON.parse(text)));
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
