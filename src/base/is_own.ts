import process from "node:process";

/**
 * Whether this user owns a file or directory and nobody else may write to it; true where the system has no
 * users. What haft remembers decides what it runs, so it counts only from such a directory.
 */
export function isOwn({ uid, mode }: { uid: number; mode: number }): boolean {
  const own = process.getuid?.();
  return own === undefined || (uid === own && (mode & 0o022) === 0);
}
