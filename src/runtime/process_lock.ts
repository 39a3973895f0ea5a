import { setTimeout as delay } from "node:timers/promises";
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
