/**
 * A repository can be checked out in several directories, git's worktrees. What was trusted in one of them is
 * trusted in the others while it says the same. Both sides have to name each other: a directory may claim to
 * be a worktree of any repository, but only the repository's own directory says which worktrees it has.
 *
 * A worktree that was deleted leaves its name in the repository, and another directory may take its place and
 * name the repository. So both sides have to be of one age, too: git writes them in one go.
 */
import { readTextFile } from "../../base/read_text_file.ts";
import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

/**
 * The same file in the other worktrees of its repository, the main one included.
 *
 * @param path without links in its directory
 */
export function worktreeTwins(path: string): string[] {
  try {
    const top = topOf(dirname(path));
    const common = top === undefined ? undefined : commonDirectory(top);
    if (top === undefined || common === undefined) return [];
    const below = relative(top, path);
    return worktreesOf(common).filter((other) => other !== top).map((other) => join(other, below));
  } catch {
    // Half a repository has no worktrees.
    return [];
  }
}

/** The nearest directory with a `.git`. */
function topOf(directory: string): string | undefined {
  if (existsSync(join(directory, ".git"))) return directory;
  return dirname(directory) === directory ? undefined : topOf(dirname(directory));
}

/** The repository's own directory, when it knows this worktree. */
function commonDirectory(top: string): string | undefined {
  const link = join(top, ".git");
  if (lstatSync(link).isDirectory()) return link;
  const own = /^gitdir: (.+)$/m.exec(readTextFile(link))?.[1];
  if (own === undefined) return undefined;
  const directory = realpathSync(resolve(top, own));
  const common = realpathSync(resolve(directory, readTextFile(join(directory, "commondir")).trim()));
  const isOfCommon = dirname(directory) === join(common, "worktrees");
  const isBoth = isOfCommon && worktreeAt(directory) === top;
  return isBoth && areOfOneAge(link, join(directory, "commondir")) ? common : undefined;
}

/** Between the two files that a `git worktree add` writes, on a busy machine. */
const ONE_AGE_MS = 10_000;

/**
 * Whether a worktree's `.git` was made when the repository wrote down that it has the worktree. What a
 * stranger's archive or checkout brings is made when it is unpacked, whatever times it sets.
 */
function areOfOneAge(link: string, written: string): boolean {
  const { birthtimeMs, ctimeMs } = lstatSync(link);
  const made = birthtimeMs > 0 ? birthtimeMs : ctimeMs;
  return Math.abs(made - lstatSync(written).mtimeMs) < ONE_AGE_MS;
}

/** Where the worktrees of a repository are checked out; each of them names the repository. */
function worktreesOf(common: string): string[] {
  const main = basename(common) === ".git" ? [dirname(common)] : [];
  const registered = existsSync(join(common, "worktrees")) ? readdirSync(join(common, "worktrees")) : [];
  const others = registered.flatMap((name) => worktreeAt(join(common, "worktrees", name)) ?? []);
  return [...main, ...others.filter((top) => commonDirectory(top) === common)];
}

/** The directory of a registered worktree, if it is still there. */
function worktreeAt(registration: string): string | undefined {
  try {
    return realpathSync(
      dirname(resolve(registration, readTextFile(join(registration, "gitdir")).trim())),
    );
  } catch {
    return undefined;
  }
}
