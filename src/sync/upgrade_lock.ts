import type { LockedTool } from "../tools/locked_tool.ts";
import { readLock } from "../tools/lockfile/read_lock_file.ts";
import { holdingProject, removeDependenciesLocks, writeLock } from "./project_lock.ts";

interface ProjectLock {
  root: string;
  lockPath: string;
}

interface Holding {
  /** The directory of haft's own locks. */
  locks: string;
  signal: AbortSignal;
}

/** Writes newer entries into a project's lock file; all others stay as they are. */
export async function relock(
  { root, lockPath }: ProjectLock,
  entries: ReadonlyMap<string, LockedTool>,
  holding: Holding,
): Promise<void> {
  await holdingProject(root, holding, async () => {
    const { lock, text } = readLock(lockPath);
    await writeLock(lockPath, { ...lock, tools: { ...lock.tools, ...Object.fromEntries(entries) } }, text);
  });
}

/** Takes tools out of a project's lock file, with the locks of their dependencies. */
export async function unlock(
  { root, lockPath }: ProjectLock,
  names: readonly string[],
  holding: Holding,
): Promise<void> {
  await holdingProject(root, holding, async () => {
    const { lock, text } = readLock(lockPath);
    const [kept, gone] = [new Map<string, LockedTool>(), new Map<string, LockedTool>()];
    for (const [name, tool] of Object.entries(lock.tools)) {
      (names.includes(name) ? gone : kept).set(name, tool);
    }
    await writeLock(lockPath, { ...lock, tools: Object.fromEntries(kept) }, text);
    removeDependenciesLocks(lockPath, gone);
  });
}
