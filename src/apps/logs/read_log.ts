import { setImmediate } from "node:timers";
import { type LogQuery, searchLog, type StoredLine } from "./search_log.ts";

/** Milliseconds of reading after which others have their turn. */
const TURN_MS = 8;

/**
 * The last lines of a log that match, oldest first, over all of its files. What takes long lets the daemon's
 * other work pass in between.
 *
 * @param rotations how often it was rotated, up to now
 */
export async function readLog(
  path: string,
  rotations: () => number,
  query: LogQuery,
  signal?: AbortSignal,
): Promise<StoredLine[]> {
  const search = searchLog(path, rotations, query);
  try {
    let begun = performance.now();
    for (;;) {
      const step = search.next();
      if (step.done === true) return step.value;
      if (performance.now() - begun < TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      begun = performance.now();
    }
  } finally {
    search.return([]);
  }
}

/** The same at once, where no other work may come in between. */
export function readLogNow(path: string, rotations: () => number, query: LogQuery): StoredLine[] {
  const search = searchLog(path, rotations, query);
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
  }
}
