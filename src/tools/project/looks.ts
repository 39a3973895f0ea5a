/**
 * The form of fingerprints, apart from what looks at files: the shortest way of `haft exec` loads no more.
 */
import { ABSENT } from "../../base/look.ts";

/**
 * Path → how the file looked: inode, size and time of change, which no program can set back; or that it was
 * not there. A file that was too young for that has its content as well.
 *
 * Names that were not in a directory are kept with it, as `DIRECTORY/`: as long as it looks the same, nothing
 * came into it. Most of what a project is looked for in is not there, and this is one look instead of twenty.
 */
export type Fingerprints = Record<string, string>;

/** Ends the path of a directory, and stands before each name that it lacked. */
const [DIRECTORY, LACKED] = ["/", "\0"];

/** The key of a directory that lacked names. */
export function directoryKey(directory: string): string {
  return directory + DIRECTORY;
}

export function directoryLook(look: string, lacked: Iterable<string>): string {
  return [look, ...lacked].join(LACKED);
}

/**
 * Whether every file is as it was.
 *
 * @param look how a path looks now
 * @param isSame asked about one that looks different; by default it is
 */
export function looksLike(
  known: Fingerprints,
  look: (path: string) => string,
  isSame: (path: string, before: string, now: string) => boolean = () => false,
): boolean {
  for (const path in known) {
    const before = known[path] ?? "";
    const now = look(path);
    if (now === before) continue;
    if (!isDirectoryKey(path)) {
      if (!isSame(path, before, now)) return false;
      continue;
    }
    const [then, ...names] = before.split(LACKED);
    if (now === then) continue;
    for (const name of names) if (look(path + name) !== ABSENT) return false;
  }
  return true;
}

/** What fingerprints are about. */
export interface LookedAt {
  present: string[];
  /** Not there; whether something else was beside them was not looked at. */
  absent: string[];
  /** Directories, some of them not there, each with the names that it lacked. */
  lacking: { directory: string; names: string[] }[];
}

export function lookedAt(files: Fingerprints): LookedAt {
  const result: LookedAt = { present: [], absent: [], lacking: [] };
  for (const path in files) {
    const look = files[path] ?? "";
    if (isDirectoryKey(path)) {
      const [, ...names] = look.split(LACKED);
      result.lacking.push({ directory: path.slice(0, -1) || "/", names });
    } else {
      (look === ABSENT ? result.absent : result.present).push(path);
    }
  }
  return result;
}

function isDirectoryKey(path: string): boolean {
  return path.length > 1 && path.endsWith(DIRECTORY);
}
