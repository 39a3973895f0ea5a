import { otherSystem } from "./plan_install.ts";
import type { LockedTool, LockFile } from "../tools/lockfile/locked_tool.ts";
import { type LockPlan, planLock } from "./plan_lock.ts";
import { readLock, type StoredLock } from "../tools/lockfile/read_lock_file.ts";
import { holdingProject, writeLock } from "./project_lock.ts";
import { resolveAll } from "./resolve_all.ts";
import type { SyncDeps, SyncOptions } from "./run_sync.ts";

/**
 * Resolves what the lock file does not answer and writes it, holding the project so that two syncs at once do not
 * resolve twice or overwrite each other: whoever comes second reads what the first has written.
 * @returns what each tool is locked to; tools that could not be resolved are missing, and were reported
 */
export async function updateLock(
  first: StoredLock & { plan: LockPlan },
  options: SyncOptions,
  deps: SyncDeps,
): Promise<ReadonlyMap<string, LockedTool>> {
  if (options.mode === "dry-run") return (await resolveMissing(first.plan, first.lock, options, deps)).locked;
  const { project, paths, signal, emit } = deps;
  return await holdingProject(project.root, { locks: paths.locks, signal }, async () => {
    const { lock, text } = readLock(project.lockPath);
    const plan = planLock(project.requests, lock, deps.platform);
    const resolved = await resolveMissing(plan, lock, options, deps);
    if (await writeLock(project.lockPath, resolved.lock, text)) {
      emit({ type: "lock.written", path: project.lockPath });
    }
    return resolved.locked;
  });
}

async function resolveMissing(
  plan: LockPlan,
  lock: LockFile,
  { jobs }: SyncOptions,
  { emit, platform, resolver, signal }: SyncDeps,
): Promise<{ lock: LockFile; locked: ReadonlyMap<string, LockedTool> }> {
  if (plan.unresolved.length === 0) {
    return await resolveAll(plan, lock, { resolve: unreachable, jobs, signal });
  }
  const resolve = await resolver();
  return await resolveAll(plan, lock, {
    resolve: (request, incomplete) => resolve(request, signal, incomplete),
    jobs,
    signal,
    onResolving: (request) => emit({ type: "tool.resolving", tool: request.name, request: request.version }),
    onFailed: (request, error) => {
      const reason = otherSystem(request, platform) === undefined ? "" : " (locked for other systems)";
      emit({
        type: "tool.failed",
        tool: request.name,
        version: null,
        error: `${error.message}${reason}`,
        next: error.next ?? null,
      });
    },
  });
}

function unreachable(): Promise<never> {
  return Promise.reject(new TypeError("nothing was to be resolved"));
}
