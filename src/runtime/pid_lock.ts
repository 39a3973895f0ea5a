import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { randomId } from "../base/random_id.ts";
import { errorCode } from "../base/errors.ts";
import type { FileLock } from "./types.ts";

/**
 * A lock where the runtime has no flock: a file beside the lock's own that holds the pid of its owner, and
 * counts for as long as that process lives. It excludes Node's processes from each other, not Deno's and
 * Bun's.
 */
export function pidLock(path: string): FileLock | undefined {
  const file = `${path}.node`;
  const id = randomId();
  const own = `${file}.${id}`;
  writeFileSync(own, `${process.pid} ${id}`, { mode: 0o600 });
  try {
    if (!tryLink(own, file) && !(removeStale(file, `${own}.old`) && tryLink(own, file))) return undefined;
  } finally {
    rmSync(own, { force: true });
  }
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    if (read(file)?.endsWith(id) === true) rmSync(file, { force: true });
  };
  return { release, [Symbol.dispose]: release };
}

/** A link appears with its content, and never replaces another. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** @returns whether there is no lock any more */
function removeStale(file: string, aside: string): boolean {
  const seen = read(file);
  if (seen === undefined) return true;
  if (isAlive(Number.parseInt(seen, 10))) return false;
  try {
    renameSync(file, aside);
  } catch {
    // Another process was quicker.
    return false;
  }
  const isStale = read(aside) === seen;
  // What was moved is the lock of a process that took it in this moment: it gets it back.
  if (!isStale) tryLink(aside, file);
  rmSync(aside, { force: true });
  return isStale;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
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
