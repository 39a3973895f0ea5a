import { statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import type { Paths } from "./paths.ts";

interface Owned {
  path: string;
  uid: number;
}

/** One of haft's directories, or where it would be made, when root runs haft and another user owns it. */
export function foreignDirectory({ store, state, config, exec }: Paths): Owned | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return [store, state, config, exec].map(nearestExisting).find(({ uid }) => uid !== 0);
}

function nearestExisting(path: string): Owned {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) return { path, uid: stat.uid };
  return dirname(path) === path ? { path, uid: 0 } : nearestExisting(dirname(path));
}
