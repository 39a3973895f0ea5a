/**
 * Time that has passed on this machine, whatever its wall clock is set to. `performance.now()` stands still
 * while a machine sleeps; the system's time since its start goes on, and counts in whole seconds.
 */
import { uptime } from "node:os";

export interface Instant {
  /** Of `performance.now()`: it has a meaning in this process alone. */
  monotonic: number;
  /** Seconds since the system's start, the same for every process. */
  uptime: number;
}

export function instant(): Instant {
  return { monotonic: performance.now(), uptime: uptime() };
}

/** Milliseconds since then, rather more than less. */
export function elapsedMs({ monotonic, uptime: before }: Instant): number {
  // A second on each side may be cut off.
  const slept = (uptime() - before - 1) * 1000;
  return Math.max(performance.now() - monotonic, slept);
}

/** An instant after which too much time has passed for anything. */
export function longAgo(): Instant {
  return { monotonic: -Infinity, uptime: 0 };
}

/** An instant that another process noted, in whole seconds: it may have been up to a second earlier. */
export function instantAt(seconds: number): Instant {
  return { monotonic: performance.now() - (uptime() - seconds + 1) * 1000, uptime: seconds };
}
