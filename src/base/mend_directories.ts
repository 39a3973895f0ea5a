import { chmodSync, lstatSync, readdirSync, rmSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { isOwn } from "./is_own.ts";
import type { Paths } from "./paths.ts";
import { setAside, tellMended } from "./set_aside.ts";

/**
 * Sets aside what lies in the place of one of haft's own directories and is a file, a FIFO or the like: what
 * needs the directory makes it anew. The user's settings are not haft's own, and a link is the user's choice.
 * A directory of what haft remembers that others may write to, as an older haft made it, is closed to them.
 */
export function mendDirectories({ config: _, ...paths }: Paths): void {
  const { store, downloads, state } = paths;
  const roots = [dirname(store), dirname(downloads), state];
  for (const path of [...roots, ...Object.values(paths), join(state, "apps"), join(state, "tasks")]) {
    const stats = look(path);
    if (stats === undefined || stats.isSymbolicLink()) continue;
    if (!stats.isDirectory()) setAside(path);
    else if (!isOwn(stats) && remembered(paths).includes(path)) closeToOthers(path, stats);
  }
}

/** The directories that count only where nobody else may write to them. */
export function remembered(
  { exec, knownTasks, knownSyncs, shimCache }: Pick<
    Paths,
    "exec" | "knownTasks" | "knownSyncs" | "shimCache"
  >,
): string[] {
  return [exec, knownTasks, knownSyncs, shimCache];
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What others could write there is forgotten. Another user's directory stays as it is. */
function closeToOthers(path: string, { uid }: Stats): void {
  if (uid !== process.getuid?.()) return;
  try {
    chmodSync(path, 0o700);
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
    tellMended(`${JSON.stringify(path)} was open to other users; what haft remembered there is forgotten`);
  } catch {
    // Nothing in it is used.
  }
}
