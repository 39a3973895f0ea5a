import { type Dirent, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../../base/paths.ts";

/** The name of the entries of one place: see {@link Paths.shimEntries}. */
const PLACE = /^[0-9a-f]{16}$/;

/**
 * Removes entries that no shim reads any more: those of an earlier haft, which mirrored directories without
 * the place that they are for, and those of directories that are gone. Without an entry a shim asks haft.
 */
export function pruneShimEntries({ shimCache, shimEntries }: Pick<Paths, "shimCache" | "shimEntries">): void {
  for (const { name } of entriesOf(shimCache)) {
    if (!PLACE.test(name)) rmSync(join(shimCache, name), { recursive: true, force: true });
  }
  for (const entry of entriesOf(shimEntries)) pruneMirror(shimEntries, "/", entry);
}

/** @param real the directory that `mirror` stands for */
function pruneMirror(mirror: string, real: string, entry: Dirent): void {
  if (!entry.isDirectory()) return;
  const [inMirror, project] = [join(mirror, entry.name), join(real, entry.name)];
  if (statSync(project, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return rmSync(inMirror, { recursive: true, force: true });
  }
  for (const child of entriesOf(inMirror)) pruneMirror(inMirror, project, child);
  if (entriesOf(inMirror).length === 0) rmdirSync(inMirror);
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // It is not there, or of no use.
    return [];
  }
}
