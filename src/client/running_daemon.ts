/**
 * The daemon of a state directory. It holds a lock there for life, and its record beside the lock says where
 * it answers: that is how a client finds it whose own idea of the socket is another one.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "../runtime/mod.ts";
import { readTextFile } from "../base/read_text_file.ts";

export interface DaemonRecord {
  pid: number;
  /** The path that it listens at. */
  socket: string;
}

export function daemonLockFile(state: string): string {
  return join(state, "daemon.lock");
}

export function daemonRecordFile(state: string): string {
  return join(state, "daemon.json");
}

/**
 * The daemon that holds the lock.
 *
 * @returns undefined when none does, and while one that starts has not said yet where it will answer
 */
export function runningDaemon(state: string): DaemonRecord | undefined {
  const lockFile = daemonLockFile(state);
  try {
    if (!existsSync(lockFile)) return undefined;
    const lock = runtime.tryLock(lockFile);
    // Released at once: a daemon that starts in this moment asks again.
    if (lock !== undefined) return void lock.release();
    return readRecord(daemonRecordFile(state));
  } catch {
    // Damaged: the next daemon sets it aside.
    return undefined;
  }
}

/** @returns undefined when it is not a record */
export function readRecord(path: string): DaemonRecord | undefined {
  if (!existsSync(path)) return undefined;
  const value: unknown = JSON.parse(readTextFile(path));
  if (typeof value !== "object" || value === null || !("pid" in value) || !("socket" in value)) {
    return undefined;
  }
  const { pid, socket } = value;
  return typeof pid === "number" && typeof socket === "string" ? { pid, socket } : undefined;
}
