import { statSync } from "node:fs";

/** The inode, and when it was made: a directory that was put in another's place may get its inode. */
export function directoryIdentity(directory: string): string {
  try {
    const { ino, birthtimeMs } = statSync(directory, { bigint: true });
    return `${ino}.${birthtimeMs}`;
  } catch {
    return "none";
  }
}
