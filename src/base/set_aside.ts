/**
 * Damaged files of haft's own. What cannot be understood is renamed to `NAME.damaged-TIME`, one line says so,
 * and the caller goes on as if the file had never been there: the next write makes it anew, and the old one
 * can be looked at.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode, errorMessage, HaftError } from "./errors.ts";

/** How many damaged files of one name are kept; older ones are removed. */
const KEPT = 3;

/** Where the line goes: stderr, until a process that has a log of its own says otherwise. */
let tell = (line: string): void => {
  try {
    writeSync(2, `haft: ${line}\n`);
  } catch {
    // The reader of stderr has gone.
  }
};

/** Sends the lines of this process about damage to `sink`; the daemon's go to its log. */
export function onDamage(sink: (line: string) => void): void {
  tell = sink;
}

/** Says in one line what was mended. */
export function tellMended(line: string): void {
  tell(line);
}

/**
 * Renames a damaged file, directory or link to `NAME.damaged-TIME` beside it, and says so in one line.
 * @param companions files that belong to it (`history.db-wal`) and go with it, if they are there
 * @returns its new path; undefined when it was gone already, or cannot be renamed
 */
export function setAside(
  path: string,
  { companions = [], now = new Date() }: { companions?: readonly string[]; now?: Date } = {},
): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  let ending: string;
  try {
    ending = freeEnding(path, now);
    renameSync(path, path + ending);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") {
      tell(`${JSON.stringify(path)} is damaged and cannot be set aside: ${errorMessage(error)}`);
    }
    return undefined;
  }
  for (const companion of companions) {
    try {
      renameSync(companion, companion + ending);
    } catch {
      // It was not there.
    }
  }
  tell(`${JSON.stringify(path)} was damaged; it is kept as ${JSON.stringify(basename(path) + ending)}`);
  for (const each of [path, ...companions]) removeOldest(each);
  return path + ending;
}

/**
 * Reads and parses a file that haft wrote. One that `parse` refuses by throwing, or a directory or FIFO in
 * its place, is set aside.
 * @returns undefined when the file is not there, or is no longer
 * @throws {HaftError} when the system refuses to read it
 */
export function readOrSetAside<T>(path: string, parse: (text: string) => T): T | undefined {
  let text: string;
  let seen: { dev: number; ino: number };
  try {
    const file = openToRead(path);
    try {
      const stats = fstatSync(file);
      if (!stats.isFile() && !stats.isDirectory()) return void setAside(path);
      seen = stats;
      text = readFileSync(file, "utf8");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = errorCode(error);
    // ENOTDIR: a directory above it is a file. What makes that directory mends it.
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "EISDIR" || code === "ELOOP") return void setAside(path);
    if (code === "EACCES" && canLookAt(path) && setAside(path) !== undefined) return undefined;
    throw new HaftError(`Cannot read "${path}": ${errorMessage(error)}`, { cause: error });
  }
  try {
    return parse(text);
  } catch {
    // Unless another process has put a sound one in its place meanwhile.
    if (isStill(path, seen)) setAside(path);
    return undefined;
  }
}

/**
 * Sets aside what lies in the place of a file of haft's and is none (a directory, or a link to nowhere), or
 * one that its user may not write. One that merely lost its mode gets it back.
 */
export function setAsideUnlessFile(path: string): void {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  // One that is not there yet, or is no longer, may be made by another process in this moment.
  if (seen === undefined) return;
  const isFile =
    (seen.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : seen)?.isFile() === true;
  if (!isFile || !(isUsable(path) || regain(path))) setAside(path);
}

/** Never waits: without O_NONBLOCK, to open a FIFO takes until another process opens it for writing. */
const TO_READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

function openToRead(path: string): number {
  try {
    return openSync(path, TO_READ);
  } catch (error) {
    if (errorCode(error) !== "EACCES" || !regain(path)) throw error;
    return openSync(path, TO_READ);
  }
}

/** Gives a file of haft's own the mode back that lets its user read and write it. */
function regain(path: string): boolean {
  try {
    chmodSync(path, 0o600);
    return true;
  } catch {
    return false;
  }
}

function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

/** False where a directory above it is closed: then it is that which has to be mended. */
function canLookAt(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function isStill(path: string, seen: { dev: number; ino: number }): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isSymbolicLink() || stat.ino === seen.ino && stat.dev === seen.dev);
}

/**
 * What lies beside `path` from earlier, oldest first: its ending is a time, and a count where two had the
 * same.
 */
function setAsideBefore(path: string): { name: string; time: string; count: number }[] {
  const start = `${basename(path)}.damaged-`;
  const found = readdirSync(dirname(path)).flatMap((name) => {
    const [, time, count = "1"] = /^(\d{8}T\d{6}Z)(?:-(\d+))?$/.exec(name.slice(start.length)) ?? [];
    return name.startsWith(start) && time !== undefined ? [{ name, time, count: Number(count) }] : [];
  });
  return found.sort((a, b) => a.time === b.time ? a.count - b.count : a.time < b.time ? -1 : 1);
}

function freeEnding(path: string, now: Date): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const last = setAsideBefore(path).findLast((one) => one.time === time)?.count;
  return `.damaged-${time}${last === undefined ? "" : `-${last + 1}`}`;
}

function removeOldest(path: string): void {
  try {
    for (const { name } of setAsideBefore(path).slice(0, -KEPT)) {
      rmSync(join(dirname(path), name), { recursive: true, force: true });
    }
  } catch {
    // They only take space.
  }
}
