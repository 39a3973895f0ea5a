import { randomBytes } from "node:crypto";
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";

/** What can become of a file. Directories have those that make sense for them. */
export const DAMAGES = [
  "removed",
  "empty",
  "half",
  "random",
  "null",
  "a directory",
  "a link to nothing",
  "a link to another file",
  "unreadable",
] as const;
export type Damage = typeof DAMAGES[number];

const FOR_DIRECTORIES: ReadonlySet<Damage> = new Set([
  "removed",
  "empty",
  "a link to nothing",
  "a link to another file",
  "unreadable",
]);

/** Does it. `victim` is the file that a link leads to. */
export function damage(path: string, how: Damage, victim: string): boolean {
  const stat = lstatSync(path);
  if (stat.isDirectory() && !FOR_DIRECTORIES.has(how)) return false;
  const before = stat.isFile() ? readFileSync(path) : undefined;
  if (how === "unreadable") {
    if (stat.isSymbolicLink() || stat.isSocket()) return false;
    chmodSync(path, 0);
    return true;
  }
  rmSync(path, { recursive: true });
  const replace = (content: string | Uint8Array) => writeFileSync(path, content, { mode: stat.mode & 0o777 });
  switch (how) {
    case "removed":
      break;
    // An empty directory is a sound one: a directory's worst is an empty file in its place.
    case "empty":
      replace("");
      break;
    case "half":
      replace(before?.subarray(0, before.length >> 1) ?? "");
      break;
    case "random":
      replace(randomBytes(20));
      break;
    case "null":
      replace("null");
      break;
    case "a directory":
      mkdirSync(path);
      break;
    case "a link to nothing":
      symlinkSync("/nonexistent/nothing", path);
      break;
    case "a link to another file":
      symlinkSync(victim, path);
      break;
  }
  // It stays its owner's: root made what is new here.
  if (how !== "removed") lchownSync(path, stat.uid, stat.gid);
  return true;
}
