import { dirname } from "node:path";
import { HaftError } from "../base/errors.ts";
import { hasDependencies, type ToolKind } from "../protocol/artifact.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { dependenciesLockPath, readLock, readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import type { Platform } from "../tools/platform.ts";
import { isSystemOtherwise, type ToolRequest } from "../tools/request.ts";
import { damageOf } from "../tools/store/executables.ts";
import { installedDependencies } from "../tools/store/receipt.ts";
import type { Store } from "../tools/store/store.ts";
import { forEachLimited } from "../base/work_pool.ts";
import type { ClosingInstaller } from "./install_one.ts";
import { type InstallPlan, LEFT_TO_SYSTEM, planInstall } from "./plan_install.ts";
import { type LockPlan, planLock } from "./plan_lock.ts";
import { type SyncFinished, tallied, toolFailed } from "./tally.ts";
import type { Locked, Resolver } from "./update_lock.ts";

export interface SyncOptions {
  /** `check` looks, without the network; `dry-run` also resolves; neither changes anything. */
  mode: "install" | "check" | "dry-run";
  /** Tools at a time. */
  jobs: number;
  force: boolean;
  /** Refuse to change the lock file. */
  locked: boolean;
  offline: boolean;
  /** Stop at the first failure. */
  failFast: boolean;
}

/** Requests, and the lock file that answers them. */
export interface LockedRequests {
  root: string;
  lockPath: string;
  requests: readonly ToolRequest[];
  /** What stays in the lock file although something else is installed here. */
  overridden?: readonly ToolRequest[];
}

export interface SyncDeps {
  project: LockedRequests;
  /** What a haft.local.toml asks for: its lock is one person's, and `--locked` is not about it. */
  local?: LockedRequests;
  platform: Platform;
  store: Store;
  /** The store's directory and that of the locks. */
  paths: { store: string; locks: string };
  signal: AbortSignal;
  /** Called with every event, in order. */
  emit(event: SyncEvent): void;
  /** Both are asked for only when there is something to do: a sync without work loads neither. */
  resolver(): Promise<Resolver>;
  installer(): Promise<ClosingInstaller>;
}

/**
 * Makes the store hold what the project asks for. Failures of tools are events and make `ok` false; an abort
 * ends with the tools that were not finished `cancelled`.
 *
 * @throws {HaftError} when there is nothing to begin with: an unreadable lock file, or one that `--locked`
 * would change
 */
export async function runSync(options: SyncOptions, deps: SyncDeps): Promise<SyncFinished> {
  const { project, local, paths } = deps;
  const run = {
    root: project.root,
    tools: [...project.requests, ...local?.requests ?? []].map(({ name, version }) => ({
      tool: name,
      request: version,
    })),
    jobs: options.jobs,
    store: paths.store,
    neededFails: options.mode === "check",
  };
  return await tallied(run, deps.emit, async (emit) => {
    const stop = new AbortController();
    const signal = AbortSignal.any([deps.signal, stop.signal]);
    const tell = (event: SyncEvent) => {
      emit(event);
      if (options.failFast && event.type === "tool.failed") stop.abort(new Error("another tool failed"));
    };
    try {
      await syncTools(options, { ...deps, emit: tell, signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  });
}

async function syncTools(options: SyncOptions, deps: SyncDeps): Promise<void> {
  const { signal, emit, store, project, local } = deps;
  const plans: (InstallPlan & { lockPath: string })[] = [];
  for (const layer of local === undefined || local.requests.length === 0 ? [project] : [project, local]) {
    const own = { ...options, locked: options.locked && layer === project };
    const locked = await lockedTools(own, { ...deps, project: layer });
    const { lockPath } = layer;
    plans.push(
      ...installPlans(locked, options, { ...deps, project: layer }).map((plan) => ({ ...plan, lockPath })),
    );
  }
  for (const plan of plans) announce(plan, options, deps);
  const needed = plans.filter((plan) => plan.state === "needed");
  if (options.mode !== "install" || signal.aborted) return;
  await keepPresentLocks(plans, options);
  if (needed.length === 0) return;
  const { installOne } = await import("./install_one.ts");
  await using install = await deps.installer();
  await forEachLimited(needed, { limit: options.jobs, signal }, async ({ config, lockPath }) => {
    try {
      const keepLock = await lockKeeper(options, lockPath);
      await installOne(config.tool_name, config, { install, store, signal, emit, keepLock });
    } catch (error) {
      if (!signal.aborted) emit(toolFailed(config.tool_name, config.version, error));
    }
  });
}

/** Writes an installer's own lock beside the project's, or refuses to. */
async function lockKeeper({ locked }: SyncOptions, lockPath: string) {
  const { writeProjectFile } = await import("./project_lock.ts");
  return (text: string, { store_id: storeId, kind }: { store_id: string; kind: ToolKind }) => {
    const file = dependenciesLockPath(lockPath, storeId, kind);
    if (!locked) return writeProjectFile(file, text, { root: dirname(lockPath) });
    throw new HaftError(`--locked, but "${file}" would change`, {
      next: 'Run "haft sync" without --locked, and commit the file',
    });
  };
}

/**
 * A tool that another project installed has a lock of its dependencies, which this project then keeps too.
 */
async function keepPresentLocks(
  plans: readonly (InstallPlan & { lockPath: string })[],
  options: SyncOptions,
): Promise<void> {
  for (const plan of plans) {
    if (options.locked || plan.state !== "present" || !hasDependencies(plan.config.kind)) continue;
    const text = installedDependencies(plan.path);
    if (text === undefined || text === plan.config.dependencies_lock) continue;
    (await lockKeeper(options, plan.lockPath))(text, plan.config);
  }
}

/** What every request is locked to, after the lock file was brought up to date where that was asked for. */
async function lockedTools(
  options: SyncOptions,
  deps: SyncDeps,
): Promise<Locked> {
  const { project, emit } = deps;
  const { lock } = readLock(project.lockPath);
  const plan = planLock([...project.requests, ...project.overridden ?? []], lock, deps.platform);
  for (const { request, error } of plan.impossible) emit(toolFailed(request.name, null, error));
  if (options.locked) refuseChanges(plan, project.lockPath);
  if (options.mode === "check") {
    for (const { request, reason } of plan.unresolved) {
      // Whether a version can be had is its source's answer: what the last sync left out is no change.
      if (isSystemOtherwise(request)) {
        emit({ type: "tool.skipped", tool: request.name, reason: LEFT_TO_SYSTEM });
      } else emit({ type: "tool.needed", tool: request.name, version: null, need: "unresolved", reason });
    }
    return { tools: plan.locked, resolved: new Set() };
  }
  if (plan.changes.length === 0) return { tools: plan.locked, resolved: new Set() };
  const { resolveMissing, updateLock } = await import("./update_lock.ts");
  const work = { ...deps, locks: deps.paths.locks, jobs: options.jobs };
  if (options.mode === "dry-run") return (await resolveMissing({ lock, plan }, work)).locked;
  return await updateLock(work);
}

function refuseChanges({ changes }: LockPlan, lockPath: string): void {
  if (changes.length === 0) return;
  const list = changes.map(({ tool, reason }) => `${tool} (${reason})`).join(", ");
  throw new HaftError(`--locked, but "${lockPath}" would change: ${list}`, {
    next: 'Run "haft sync" without --locked, and commit the lock file',
  });
}

function installPlans(
  { tools, resolved }: Locked,
  { force, offline }: SyncOptions,
  { project, platform, store }: SyncDeps,
): InstallPlan[] {
  return project.requests.flatMap((request) => {
    const entry = tools.get(request.name);
    if (entry === undefined) return [];
    return planInstall(request, entry, {
      platform,
      projectDir: project.root,
      force,
      offline,
      origin: resolved.has(request.name) ? "resolved" : "locked",
      whyNot(storeId, version) {
        const present = store.installations(storeId, version);
        return present.length === 0 ? undefined : damageOf(present) ?? "differs from the lock file";
      },
      installedAt: (config) => store.satisfying(config)?.directory,
      dependenciesLock: (storeId, kind) =>
        readTextIfAny(dependenciesLockPath(project.lockPath, storeId, kind)) ?? null,
    });
  });
}

function announce(plan: InstallPlan, { mode }: SyncOptions, { emit }: SyncDeps): void {
  const tool = plan.request.name;
  switch (plan.state) {
    case "skipped":
      return emit({ type: "tool.skipped", tool, reason: plan.reason });
    case "present":
      return emit({ type: "tool.present", tool, version: plan.config.version, path: plan.path });
    case "impossible":
      return emit(toolFailed(tool, plan.version, plan.error));
    case "needed": {
      const { version } = plan.config;
      if (mode === "install") return emit({ type: "tool.queued", tool, version });
      return emit({ type: "tool.needed", tool, version, need: plan.need, reason: plan.reason });
    }
  }
}
