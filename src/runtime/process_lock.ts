import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HaftError } from "../base/errors.ts";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { type FileLock, runtime } from "./mod.ts";

export type { FileLock } from "./mod.ts";

export interface ProcessLockOptions {
  /** Stops the wait; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** Called once, when another process holds the lock and the wait begins. */
  onWait?: () => void;
}

/** Milliseconds between attempts: the first, and the longest. */
const RETRY = { first: 25, longest: 100 };

/**
 * Waits for an exclusive lock between processes on a file, which is created (0600) if need be and never
 * unlinked. The kernel releases it when the holder ends, however it ends.
 *
 * The wait asks again at short, growing, slightly random intervals: a blocking flock would need a thread, and
 * could not be aborted.
 *
 * @throws the signal's reason; an error of the file system
 */
export async function processLock(path: string, options: ProcessLockOptions = {}): Promise<FileLock> {
  const { signal, onWait } = options;
  for (let wait: number = RETRY.first, first = true;; wait = Math.min(wait * 1.5, RETRY.longest)) {
    signal?.throwIfAborted();
    const lock = runtime.tryLock(path);
    if (lock !== undefined) return lock;
    if (first) onWait?.();
    first = false;
    try {
      await delay(wait * (0.75 + Math.random() / 4), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}

/** A writer that takes longer than this has been stopped, or hangs. */
const SYNC_MS = 10_000;

/**
 * Does the work while it holds the lock. It blocks the thread: for a small file that is read, changed and
 * written.
 *
 * @throws {HaftError} when another process keeps the lock
 */
export function underLock<T>(path: string, work: () => T): T {
  makePrivateDirectory(dirname(path));
  const idle = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + SYNC_MS;
  for (;;) {
    const lock = runtime.tryLock(path);
    if (lock !== undefined) {
      try {
        return work();
      } finally {
        lock.release();
      }
    }
    if (performance.now() > deadline) {
      throw new HaftError(`Another process holds "${path}"`, { next: "End it, and try again" });
    }
    Atomics.wait(idle, 0, 0, RETRY.first * Math.random());
  }
}
