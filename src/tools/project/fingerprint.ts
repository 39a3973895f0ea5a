import { readTextFile } from "../../base/read_text_file.ts";
import { readdirSync, statSync } from "node:fs";

/**
 * Path → how the file looked: inode, size and time of change, which no program can set back; or that it was
 * not there. A file that was too young for that has its content as well.
 */
export type Fingerprints = Record<string, string>;

/**
 * A file that changed this recently might change again without its time showing it: some file systems, and
 * Deno, count changes in whole seconds.
 */
const SETTLED_MS = 2_000;

/** Stands before the content of a file that was young. */
const CONTENT = "\n";

/**
 * Looks at the files now, for an answer that is kept on disk. An answer that was made before the look may be
 * older than a file that changed just now, so with such a file there is no fingerprint.
 *
 * @param now milliseconds since 1970
 */
export function fingerprints(paths: Iterable<string>, now: number = Date.now()): Fingerprints | undefined {
  const result: Fingerprints = {};
  for (const path of paths) {
    if (isYoung(path, now)) return undefined;
    result[path] = fingerprint(path);
  }
  return result;
}

/**
 * Looks at the files now, at the content of the young ones too, for an answer that is made after the look.
 */
export function fingerprintsOfYoung(paths: Iterable<string>, now: number = Date.now()): Fingerprints {
  const result: Fingerprints = {};
  for (const path of paths) {
    result[path] = fingerprint(path) + (isYoung(path, now) ? CONTENT + contentOf(path) : "");
  }
  return result;
}

/** How the files look now, however young they are: to tell a change, not to remember an answer by. */
export function looksOf(paths: Iterable<string>): Fingerprints {
  const result: Fingerprints = {};
  for (const path of paths) result[path] = fingerprint(path);
  return result;
}

/** Whether every file is as it was. */
export function unchanged(known: Fingerprints): boolean {
  for (const path in known) {
    const before = known[path] ?? "";
    const now = fingerprint(path);
    if (now !== before && !(before.startsWith(now + CONTENT) && before === now + CONTENT + contentOf(path))) {
      return false;
    }
  }
  return true;
}

function isYoung(path: string, now: number): boolean {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && now - stat.ctimeMs < SETTLED_MS;
  } catch {
    return false;
  }
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

function contentOf(path: string): string {
  try {
    return statSync(path).isDirectory() ? readdirSync(path).join("\n") : readTextFile(path);
  } catch {
    return "";
  }
}
