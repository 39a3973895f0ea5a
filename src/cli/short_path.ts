import { sep } from "node:path";

/** A path as a person reads it: the home directory is `~`. */
export function shortPath(path: string, home: string): string {
  return home !== "" && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
