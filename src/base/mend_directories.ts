import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Paths } from "./paths.ts";
import { setAside } from "./set_aside.ts";

/**
 * Sets aside what lies in the place of one of haft's own directories and is a file, a FIFO or the like: what
 * needs the directory makes it anew. The user's settings are not haft's own, and a link is the user's choice.
 */
export function mendDirectories({ config: _, ...paths }: Paths): void {
  const { store, downloads, state } = paths;
  const roots = [dirname(store), dirname(downloads), state];
  for (const path of [...roots, ...Object.values(paths), join(state, "apps"), join(state, "tasks")]) {
    if (isInTheWay(path)) setAside(path);
  }
}

function isInTheWay(path: string): boolean {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats !== undefined && !stats.isDirectory() && !stats.isSymbolicLink();
  } catch {
    return false;
  }
}
