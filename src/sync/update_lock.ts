import type { SyncEvent } from "../protocol/sync_event.ts";
import type { LockedTool, LockFile } from "../tools/locked_tool.ts";
import { readLock, type StoredLock } from "../tools/lockfile/read_lock_file.ts";
import type { Platform } from "../tools/platform.ts";
import { isSystemOtherwise, type ToolRequest } from "../tools/request.ts";
import { NoSuchVersionError } from "../tools/sources/source_error.ts";
import { forEachLimited } from "../base/work_pool.ts";
import { LEFT_TO_SYSTEM, otherSystem } from "./plan_install.ts";
import { type LockedRequests, type LockPlan, planLayer } from "./plan_lock.ts";
import { holdingProject, removeDependenciesLocks, writeLock } from "./project_lock.ts";
import { toolFailed } from "./tally.ts";

/**
 * Asks the sources for a tool.
 *
 * @param incomplete an entry that is to stay as it is, and to get the platforms that it lacks
 */
export type Resolver = (
  request: ToolRequest,
  signal: AbortSignal,
  incomplete?: LockedTool,
) => Promise<LockedTool>;

export interface UpdateLockDeps {
  project: LockedRequests;
  platform: Platform;
  /** The directory of haft's own locks. */
  locks: string;
  /** How many tools at a time. */
  jobs: number;
  /** Asked for only when there is something to resolve. */
  resolver(): Promise<Resolver>;
  signal: AbortSignal;
  emit(event: SyncEvent): void;
}

export interface Locked {
  /** What each tool is locked to; a tool that could not be resolved is missing, and an event told why. */
  tools: ReadonlyMap<string, LockedTool>;
  /** The tools whose answer came from their sources just now. */
  resolved: ReadonlySet<string>;
}

/**
 * Resolves what the lock file does not answer and writes it, holding the project so that two syncs at once
 * neither resolve twice nor overwrite each other: the second reads what the first has written.
 */
export async function updateLock(deps: UpdateLockDeps): Promise<Locked> {
  const { project, platform, locks, signal, emit } = deps;
  return await holdingProject(project.root, { locks, signal }, async () => {
    const { lock, text } = readLock(project.lockPath);
    const plan = planLayer(project, { lock, platform });
    const resolved = await resolveMissing({ lock, plan }, deps);
    if (await writeLock(project.lockPath, resolved.lock, text)) {
      emit({ type: "lock.written", path: project.lockPath });
      const moved = Object.entries(lock.tools).filter(([name]) => plan.moved.includes(name));
      removeDependenciesLocks(project.lockPath, moved);
    }
    return resolved.locked;
  });
}

/**
 * Asks the sources for every tool that the lock does not answer. One failure does not stop the others: its
 * tool keeps the entry that it had, if any, in the lock that is returned, and is not among `locked`.
 */
export async function resolveMissing(
  { lock, plan }: { lock: StoredLock["lock"]; plan: LockPlan },
  { platform, jobs, resolver, signal, emit }: Omit<UpdateLockDeps, "project" | "locks">,
): Promise<{ lock: LockFile; locked: Locked }> {
  const tools = new Map(plan.locked);
  const resolved = new Set<string>();
  const kept = new Map(plan.locked);
  const keepOld = (name: string) => {
    const old = Object.hasOwn(lock.tools, name) ? lock.tools[name] : undefined;
    if (old !== undefined) kept.set(name, old);
  };
  for (const { request } of plan.impossible) keepOld(request.name);
  const resolve = plan.unresolved.length === 0 ? undefined : await resolver();
  await forEachLimited(plan.unresolved, { limit: jobs, signal }, async ({ request, incomplete }) => {
    emit({ type: "tool.resolving", tool: request.name, request: request.version });
    try {
      const answer = await resolve?.(request, signal, incomplete);
      if (answer === undefined) return;
      tools.set(request.name, answer);
      if (incomplete === undefined) resolved.add(request.name);
      kept.set(request.name, answer);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoSuchVersionError && isSystemOtherwise(request)) {
        emit({ type: "tool.skipped", tool: request.name, reason: LEFT_TO_SYSTEM });
        return;
      }
      keepOld(request.name);
      emit(unresolved(request, platform, error));
    }
  });
  signal.throwIfAborted();
  return { lock: { ...lock, tools: Object.fromEntries(kept) }, locked: { tools, resolved } };
}

function unresolved(request: ToolRequest, platform: Platform, error: unknown): SyncEvent {
  const event = toolFailed(request.name, null, error);
  const elsewhere = otherSystem(request, platform) !== undefined;
  if (!elsewhere || event.type !== "tool.failed") return event;
  return { ...event, error: `${event.error} (locked for other systems)` };
}
