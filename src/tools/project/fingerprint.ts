import { statSync } from "node:fs";

/** Path → what the file looked like: inode, size and time of change, which no program can set back; or that it was not there. */
export type Fingerprints = Record<string, string>;

/**
 * A file that changed this recently might change again without its time showing it: some file systems, and Deno, count
 * changes in whole seconds.
 */
const SETTLED_MS = 2_000;

/**
 * Looks at the files now. Whoever read them before the call risks an answer that is older than they are, so a file that changed
 * just now gives undefined: nothing can be remembered of it yet.
 *
 * @param now milliseconds since 1970
 */
export function fingerprints(paths: Iterable<string>, now: number = Date.now()): Fingerprints | undefined {
  const result: Fingerprints = {};
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && now - stat.ctimeMs < SETTLED_MS) return undefined;
    result[path] = fingerprint(path);
  }
  return result;
}

/** What the files look like now, however young they are: to tell a change, not to remember an answer by. */
export function looksOf(paths: Iterable<string>): Fingerprints {
  const result: Fingerprints = {};
  for (const path of paths) result[path] = fingerprint(path);
  return result;
}

/** Whether every file is as it was. */
export function unchanged(known: Fingerprints): boolean {
  for (const path in known) {
    if (fingerprint(path) !== known[path]) return false;
  }
  return true;
}

function fingerprint(path: string): string {
  // Most of the files are not there, and an exception for each would cost more than all the rest.
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "absent" : `${stat.ino}.${stat.size}.${stat.ctimeNs}`;
  } catch {
    return "unreadable";
  }
}
