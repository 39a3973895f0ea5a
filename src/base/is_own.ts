import process from "node:process";

/**
 * Whether a file or directory is this user's and nobody else may write to it, as far as the system has users.
 * What haft remembers says what it runs: it counts only from such a directory.
 */
export function isOwn({ uid, mode }: { uid: number; mode: number }): boolean {
  const own = process.getuid?.();
  return own === undefined || (uid === own && (mode & 0o022) === 0);
}
