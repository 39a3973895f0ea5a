import { lstatSync, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { ABSENT, lookOf } from "../../base/look.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { runtime } from "../../runtime/mod.ts";
import { directoryKey, directoryLook, type Fingerprints, looksLike } from "./looks.ts";

/**
 * A file that changed this recently might change again without its time showing it: some file systems, and
 * Deno, count changes in whole seconds.
 */
const SETTLED_MS = 2_000;

/** Deno hides the fractions that the file system keeps. */
const SEES_FRACTIONS = runtime.name !== "deno";

/** Stands before the content of a file that was young. */
const CONTENT = "\n";

/** Windows writes a directory's times when it finds the time to. */
const DIRECTORIES_TELL = process.platform !== "win32";

/**
 * Looks at the files now, for an answer that is kept on disk. A file that changed since the answer's reading
 * began, or just before, may say something else than what was read: with such a file there is no fingerprint.
 *
 * @param asOf when the reading of what decided the answer began, in milliseconds since 1970
 */
export function fingerprints(paths: Iterable<string>, asOf: number): Fingerprints | undefined {
  const result: Fingerprints = {};
  const lacking = new Map<string, string[]>();
  for (const path of paths) {
    const { look, changedMs } = lookAt(path);
    if (isSince(changedMs, asOf)) return undefined;
    if (look === ABSENT && DIRECTORIES_TELL && !isLink(path)) {
      const names = lacking.get(dirname(path));
      if (names === undefined) lacking.set(dirname(path), [path]);
      else names.push(path);
    } else {
      result[path] = look;
    }
  }
  for (const [directory, absent] of lacking) {
    const { look, changedMs } = lookAt(directory);
    if (absent.length > 1 && !isSince(changedMs, asOf)) {
      result[directoryKey(directory)] = directoryLook(look, new Set(absent.map((path) => basename(path))));
    } else {
      for (const path of absent) result[path] = ABSENT;
    }
  }
  return result;
}

/**
 * Looks at the files now, at the content of the young ones too, for an answer that is made after the look.
 */
export function fingerprintsOfYoung(paths: Iterable<string>): Fingerprints {
  const result: Fingerprints = {};
  const now = Date.now();
  for (const path of paths) {
    const { look, changedMs } = lookAt(path);
    result[path] = look + (isSince(changedMs, now) ? CONTENT + contentOf(path) : "");
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
export function isYoung(path: string): boolean {
  return isSince(lookAt(path).changedMs, Date.now());
}

function isSince(changedMs: number, asOf: number): boolean {
  return asOf - changedMs < SETTLED_MS;
}

function fingerprint(path: string): string {
  return lookAt(path).look;
}

interface Look {
  look: string;
  /** Milliseconds since 1970; of a time that may not tell the next change, Infinity: always young. */
  changedMs: number;
}

/** One look for both: between two of them the file may change. */
function lookAt(path: string): Look {
  // An exception for each file that is not there would cost more than all the rest.
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return { look: ABSENT, changedMs: -Infinity };
    const { ino: inode, size, ctimeNs: changedNs, ctimeMs } = stat;
    return {
      look: lookOf({ inode, size, changedNs }),
      changedMs: SEES_FRACTIONS && isWholeSecond(changedNs) ? Infinity : Number(ctimeMs),
    };
  } catch {
    return { look: "unreadable", changedMs: -Infinity };
  }
}

/**
 * Whether a file system that keeps no time of change of its own may have said this: images (squashfs, ISO),
 * FAT and many network file systems say what was written into them, the same for another content.
 */
export function isWholeSecond(timeNs: bigint): boolean {
  return timeNs % 1_000_000_000n === 0n;
}

function contentOf(path: string): string {
  try {
    return statSync(path).isDirectory() ? readdirSync(path).join("\n") : readTextFile(path);
  } catch {
    return "";
  }
}
