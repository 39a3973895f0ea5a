import { lstatSync, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { readTextFile } from "../../base/read_text_file.ts";
import { ABSENT, directoryKey, directoryLook, type Fingerprints, lookOf, looksLike } from "./looks.ts";

/**
 * A file that changed this recently might change again without its time showing it: some file systems, and
 * Deno, count changes in whole seconds.
 */
const SETTLED_MS = 2_000;

/** Stands before the content of a file that was young. */
const CONTENT = "\n";

/** Windows writes a directory's times when it finds the time to. */
const DIRECTORIES_TELL = process.platform !== "win32";

/**
 * Looks at the files now, for an answer that is kept on disk. An answer that was made before the look may be
 * older than a file that changed just now, so with such a file there is no fingerprint.
 *
 * @param now milliseconds since 1970
 */
export function fingerprints(paths: Iterable<string>, now: number = Date.now()): Fingerprints | undefined {
  const result: Fingerprints = {};
  const lacking = new Map<string, string[]>();
  for (const path of paths) {
    if (isYoung(path, now)) return undefined;
    const look = fingerprint(path);
    if (look === ABSENT && DIRECTORIES_TELL && !isLink(path)) {
      const names = lacking.get(dirname(path));
      if (names === undefined) lacking.set(dirname(path), [path]);
      else names.push(path);
    } else {
      result[path] = look;
    }
  }
  for (const [directory, absent] of lacking) {
    if (absent.length > 1 && !isYoung(directory, now)) {
      const names = new Set(absent.map((path) => basename(path)));
      result[directoryKey(directory)] = directoryLook(fingerprint(directory), names);
    } else {
      for (const path of absent) result[path] = ABSENT;
    }
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
  return looksLike(
    known,
    fingerprint,
    (path, before, now) => before.startsWith(now + CONTENT) && before === now + CONTENT + contentOf(path),
  );
}

/** A link to nothing leads to something as soon as that is there, wherever it is. */
function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Whether a file changed so recently that it might change again without its time showing it. */
export function isYoung(path: string, now: number = Date.now()): boolean {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && now - stat.ctimeMs < SETTLED_MS;
  } catch {
    return false;
  }
}

function fingerprint(path: string): string {
  // An exception for each file that is not there would cost more than all the rest.
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined
      ? ABSENT
      : lookOf({ inode: stat.ino, size: stat.size, changedNs: stat.ctimeNs });
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
