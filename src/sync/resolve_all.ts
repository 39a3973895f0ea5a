import { errorMessage, HaftError } from "../base/errors.ts";
import type { LockedTool, LockFile } from "../tools/lockfile/locked_tool.ts";
import type { ToolRequest } from "../tools/request.ts";
import type { LockPlan } from "./plan_lock.ts";
import { forEachLimited } from "./for_each_limited.ts";

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

export interface ResolveAllOptions {
  resolve(request: ToolRequest, incomplete?: LockedTool): Promise<LockedTool>;
  /** How many at a time. */
  jobs: number;
  signal: AbortSignal;
  onResolving?(request: ToolRequest): void;
  onFailed?(request: ToolRequest, error: HaftError): void;
}

/**
 * Asks the sources for every tool that the lock does not answer. One failure does not stop the others: its tool keeps
 * the entry that it had, if any, in the lock that is returned, and is not among `locked`.
 */
export async function resolveAll(
  plan: LockPlan,
  lock: LockFile,
  { resolve, jobs, signal, onResolving, onFailed }: ResolveAllOptions,
): Promise<{ lock: LockFile; locked: ReadonlyMap<string, LockedTool> }> {
  const locked = new Map(plan.locked);
  const kept = new Map<string, LockedTool>(plan.locked);
  const keepOld = (name: string) => {
    const old = Object.hasOwn(lock.tools, name) ? lock.tools[name] : undefined;
    if (old !== undefined) kept.set(name, old);
  };
  for (const { request } of plan.impossible) keepOld(request.name);
  await forEachLimited(plan.unresolved, { limit: jobs, signal }, async ({ request, incomplete }) => {
    onResolving?.(request);
    try {
      const answer = await resolve(request, incomplete);
      locked.set(request.name, answer);
      kept.set(request.name, answer);
    } catch (error) {
      signal.throwIfAborted();
      keepOld(request.name);
      onFailed?.(
        request,
        error instanceof HaftError ? error : new HaftError(errorMessage(error), { cause: error }),
      );
    }
  });
  signal.throwIfAborted();
  return { lock: { ...lock, tools: Object.fromEntries(kept) }, locked };
}
