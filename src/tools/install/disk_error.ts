import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";

const CAUSES: Record<string, { what: string; next: string }> = {
  ENOSPC: { what: "the disk is full", next: "Free some space, then run the command again" },
  EDQUOT: { what: "the disk quota is used up", next: "Free some space, then run the command again" },
  EROFS: {
    what: "the file system is read-only",
    next: "Set HAFT_HOME to a directory that can be written to",
  },
  EACCES: {
    what: "permission denied",
    next: "Make the directory writable for you, or set HAFT_HOME to one that is",
  },
  EPERM: {
    what: "permission denied",
    next: "Make the directory writable for you, or set HAFT_HOME to one that is",
  },
  EMFILE: {
    what: "too many files are open",
    next: "Raise the limit (ulimit -n), or install fewer tools at a time",
  },
  ENFILE: { what: "too many files are open", next: "Install fewer tools at a time" },
  ENAMETOOLONG: { what: "a path is too long", next: "Set HAFT_HOME to a shorter path" },
};

/** An error of the disk in words for people, naming the place; any other error as it is. */
export function explainDiskError(error: unknown, directory: string): unknown {
  const cause = CAUSES[errorCode(error) ?? ""];
  if (cause === undefined || error instanceof HaftError) return error;
  const path = pathOf(error) ?? directory;
  return new HaftError(`Cannot write ${JSON.stringify(path)}: ${cause.what} (${errorMessage(error)})`, {
    next: cause.next,
    cause: error,
  });
}

function pathOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("path" in error)) return undefined;
  return typeof error.path === "string" && error.path !== "" ? error.path : undefined;
}
