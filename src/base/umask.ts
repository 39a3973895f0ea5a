import process from "node:process";

/**
 * haft's own files and directories get the modes that their makers ask for, whatever umask it was started
 * with. The user's umask is kept for the programs that haft starts.
 */
const OWN_UMASK = 0o022;

let users: number | undefined;

/** Takes up haft's own umask. Once at the start of a process: all of its threads share one. */
export function useOwnUmask(): void {
  if (process.platform === "win32") return;
  const before = process.umask(OWN_UMASK);
  users ??= before;
}

/** Gives the user's umask back, for a program that takes this process's place. */
export function restoreUsersUmask(): void {
  if (users !== undefined) process.umask(users);
}

/** Starts a program of the user's. @param start starts it before it returns */
export function withUsersUmask<Started>(start: () => Started): Started {
  return users === undefined ? start() : withUmask(users, start);
}

/** Makes a file of the user's, which the user can read and write even under a umask of 0777. */
export function asUsersFile<Made>(make: () => Made): Made {
  return users === undefined ? make() : withUmask(users & 0o077, make);
}

function withUmask<Result>(umask: number, work: () => Result): Result {
  process.umask(umask);
  try {
    return work();
  } finally {
    process.umask(OWN_UMASK);
  }
}
