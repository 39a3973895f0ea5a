import { existsSync, lstatSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Paths } from "../base/paths.ts";

/** Something of haft's on this machine. */
export interface Belonging {
  what: string;
  path: string;
  /** Bytes of all files in it. */
  bytes: number;
}

/** What haft keeps for this user and is there, the executable not included. Projects are not among it. */
export function belongings(paths: Paths, { config = true }: { config?: boolean } = {}): Belonging[] {
  const places: [string, string][] = [
    ["tools and shims", dirname(paths.store)],
    ["cache", dirname(paths.downloads)],
    ["state, logs and journals", paths.state],
    ...config ? [["settings", paths.config] satisfies [string, string]] : [],
  ];
  // With HAFT_HOME one directory holds the others.
  const tops = places.filter(([, path]) =>
    !places.some(([, other]) => path !== other && path.startsWith(join(other, "/")))
  );
  return tops.filter(([, path]) => existsSync(path)).map(([what, path]) => ({
    what,
    path,
    bytes: sizeOf(path),
  }));
}

/** What haft keeps in one directory that holds everything (`HAFT_HOME`, or on Windows). */
const OWN_NAMES: ReadonlySet<string> = new Set([
  "cache",
  "config",
  "leads",
  "locks",
  "pipe-tokens",
  "shims",
  "state",
  "store",
]);

/**
 * What else lies in the one directory that holds everything: `HAFT_HOME` may name one that was there before,
 * and then it is not haft's to remove.
 */
export function foreignEntries(
  paths: Paths,
  executable: string,
): { directory: string; names: string[] } {
  const directory = dirname(paths.store);
  const isShared = paths.config.startsWith(join(directory, "/"));
  if (!isShared || !existsSync(directory)) return { directory, names: [] };
  // Windows' installer puts the executable into a directory of its own there.
  const home = dirname(executable);
  const isOwn = (name: string) =>
    OWN_NAMES.has(name) || (join(directory, name) === home && readdirSync(home).length === 1);
  return { directory, names: readdirSync(directory).filter((name) => !isOwn(name)).sort() };
}

/** Bytes of the files below `path`, links not followed. */
export function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  let bytes = 0;
  for (const name of readdirSync(path)) bytes += sizeOf(join(path, name));
  return bytes;
}
