import { errorCode, errorMessage, HaftError } from "./errors.ts";
import { notDirectory } from "./private_directory.ts";

/** What the system said, and what can be done about it. */
export interface SystemFailure {
  message: string;
  next: string;
}

const FULL = {
  reason: "no space is left there",
  next: () => 'Free some space; "haft ls --installed" lists what the store holds',
};
const FORBIDDEN = {
  reason: "permission denied",
  next: (path: string | undefined) =>
    path === undefined ? "Check who may do that" : `Check its owner and mode: ls -ld ${JSON.stringify(path)}`,
};
const TOO_MANY_FILES = {
  reason: "too many files are open",
  next: () => "Raise the limit with ulimit -n, or end programs that hold files open",
};

/** Failures of the system by their code: what it means, and what to do about it. */
export const SYSTEM_FAILURES: Readonly<
  Record<string, { reason: string; next: (path: string | undefined) => string }>
> = {
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: {
    reason: "the file system is read-only",
    next: () => "Set HAFT_HOME to a directory that can be written",
  },
  ENOSPC: FULL,
  EDQUOT: { ...FULL, reason: "the disk quota is used up" },
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  EIO: { reason: "the disk reports an error", next: () => "Look into the system's log for the device" },
  ENOMEM: { reason: "no memory is left", next: () => "End other programs, and run it again" },
  ENAMETOOLONG: { reason: "the path is too long", next: () => "Set HAFT_HOME to a shorter directory" },
  ELOOP: { reason: "its links go round in a circle", next: () => "Look at its links: ls -l" },
  ENOTDIR: { reason: "a part of the path is not a directory", next: moveBlockingAway },
  EISDIR: { reason: "a directory is in its place", next: moveAway },
  ENOTEMPTY: { reason: "the directory is not empty", next: moveAway },
  ENOENT: { reason: "there is no such file or directory", next: () => "Check that the path exists" },
  EBUSY: { reason: "it is in use", next: () => "End what uses it, and run it again" },
  ETXTBSY: { reason: "the program runs", next: () => "End it, and run this again" },
  E2BIG: { reason: "the arguments and the environment are too long", next: () => "Pass less at a time" },
  EXDEV: { reason: "it is on another file system", next: () => "Put haft's directories on one file system" },
};

function moveAway(path: string | undefined): string {
  return path === undefined ? "Move it elsewhere" : `Move ${JSON.stringify(path)} elsewhere`;
}

function moveBlockingAway(path: string | undefined): string {
  return moveAway(path === undefined ? undefined : notDirectory(path) ?? path);
}

/** Failures that are the machine's, whatever a program does: disks, memory, descriptors. */
const OF_MACHINE: ReadonlySet<string> = new Set([
  "EDQUOT",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ENOSPC",
  "EROFS",
]);

/** The failure where the machine lacks something; undefined for any other error. */
export function machineFailure(error: unknown): SystemFailure | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (OF_MACHINE.has(sqliteCode(at) ?? errorCode(at) ?? "")) return systemFailure(error);
  }
  return undefined;
}

/** An error in words for people, with the next step where one is known. */
export function forPeople(error: unknown): { message: string; next: string | undefined } {
  if (error instanceof HaftError) return { message: error.message, next: error.next };
  return systemFailure(error) ?? { message: errorMessage(error), next: undefined };
}

/** The failure of the system that an error comes from, its causes included; undefined for any other error. */
export function systemFailure(error: unknown): SystemFailure | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = sqliteCode(at) ?? errorCode(at);
    const known = code === undefined ? undefined : SYSTEM_FAILURES[code];
    if (code === undefined || known === undefined) continue;
    const path = textOf(at, "path");
    const what = `${attempt(textOf(at, "syscall"))}${path === undefined ? "" : ` ${JSON.stringify(path)}`}`;
    // The runtime's own words, where they name nothing that could be said instead.
    if (what === "Cannot go on") return { message: `${errorMessage(at)} (${code})`, next: known.next(path) };
    return { message: `${what}: ${known.reason} (${code})`, next: known.next(path) };
  }
  return undefined;
}

/** SQLite has numbers of its own for the same failures, and each runtime shows them in another way. */
function sqliteCode(error: Error): string | undefined {
  if (/database or disk is full/.test(error.message)) return "ENOSPC";
  if (/attempt to write a readonly database/.test(error.message)) return "EROFS";
  if (/unable to open database file/.test(error.message)) return "EACCES";
  return /disk I\/O error/.test(error.message) ? "EIO" : undefined;
}

function textOf(error: Error, key: "path" | "syscall"): string | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

const ATTEMPTS: readonly (readonly [calls: RegExp, words: string])[] = [
  [/^(mkdir|mkdtemp)/, "Cannot make the directory"],
  [/^(open|read|access|stat|lstat|fstat|scandir|opendir|readlink|realpath)/, "Cannot open"],
  [/^(write|ftruncate|truncate|fsync|fdatasync|close|copyfile|sendfile)/, "Cannot write"],
  [/^(rename|link|symlink)/, "Cannot move or link"],
  [/^(unlink|rm|rmdir)/, "Cannot remove"],
  [/^(chmod|fchmod|chown|fchown|lchown|utime|futime|lutime)/, "Cannot change the mode, owner or time of"],
  [/^(spawn|exec|posix_spawn)/, "Cannot run"],
];

function attempt(syscall: string | undefined): string {
  return ATTEMPTS.find(([calls]) => calls.test(syscall ?? ""))?.[1] ?? "Cannot go on";
}
