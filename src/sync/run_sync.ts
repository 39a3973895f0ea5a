import { HaftError } from "../base/errors.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { dependenciesLockPath, readLock, readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import type { LockedTool } from "../tools/lockfile/locked_tool.ts";
import type { Platform } from "../tools/platform.ts";
import type { ToolRequest } from "../tools/request.ts";
import { satisfiedBy } from "../tools/store/receipt.ts";
import type { Store } from "../tools/store/store.ts";
import type { InstallOne } from "./install_all.ts";
import type { Resolver } from "./resolve_all.ts";
import { type InstallPlan, planInstall } from "./plan_install.ts";
import { type LockPlan, planLock } from "./plan_lock.ts";
import { Tally } from "./tally.ts";

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

export interface SyncDeps {
  project: { root: string; lockPath: string; requests: readonly ToolRequest[] };
  platform: Platform;
  store: Store;
  /** The store's directory and that of the locks. */
  paths: { store: string; locks: string };
  signal: AbortSignal;
  /** Called with every event, in order. */
  emit(event: SyncEvent): void;
  /** Both are asked for only when there is something to do: a sync without work loads neither. */
  resolver(): Promise<Resolver>;
  installer(): Promise<InstallOne>;
  now?: () => number;
}

export type SyncFinished = Extract<SyncEvent, { type: "sync.finished" }>;

/**
 * Makes the store hold what the project asks for. Failures of tools are events and make `ok` false; an abort ends with
 * the tools that were not finished `cancelled`.
 * @throws {HaftError} when there is nothing to begin with: an unreadable lock file, or one that `--locked` would change
 */
export async function runSync(options: SyncOptions, deps: SyncDeps): Promise<SyncFinished> {
  const { project, signal, now = () => performance.now() } = deps;
  const begun = now();
  const tally = new Tally();
  const emit = (event: SyncEvent) => {
    tally.add(event);
    deps.emit(event);
  };
  emit({
    type: "sync.started",
    root: project.root,
    tools: project.requests.map(({ name, version }) => ({ tool: name, request: version })),
    jobs: options.jobs,
  });
  const stop = new AbortController();
  const work: SyncDeps = { ...deps, emit, signal: AbortSignal.any([signal, stop.signal]) };
  if (options.failFast) {
    work.emit = (event) => {
      emit(event);
      if (event.type === "tool.failed") stop.abort(new Error("another tool failed"));
    };
  }
  try {
    await syncTools(options, work);
  } catch (error) {
    if (!work.signal.aborted) throw error;
  }
  for (const { name } of project.requests) {
    if (!tally.settled(name)) emit({ type: "tool.cancelled", tool: name, version: tally.version(name) });
  }
  const finished: SyncFinished = {
    type: "sync.finished",
    ok: tally.ok && (options.mode !== "check" || tally.counts.needed === 0),
    ...tally.counts,
    duration_ms: Math.round(now() - begun),
    store: deps.paths.store,
  };
  emit(finished);
  return finished;
}

async function syncTools(options: SyncOptions, deps: SyncDeps): Promise<void> {
  const locked = await lockedTools(options, deps);
  const plans = installPlans(locked, options, deps);
  for (const plan of plans) announce(plan, options, deps);
  const needed = plans.filter((plan) => plan.state === "needed");
  if (options.mode !== "install" || needed.length === 0 || deps.signal.aborted) return;
  const { installAll } = await import("./install_all.ts");
  await installAll(needed, {
    jobs: options.jobs,
    locked: options.locked,
    install: await deps.installer(),
    signal: deps.signal,
    emit: deps.emit,
    now: deps.now ?? (() => performance.now()),
    verify: (config) => {
      const receipt = deps.store.receipt(config.store_id, config.version);
      return receipt !== undefined && satisfiedBy(receipt, config);
    },
    dependenciesLock: (storeId) => dependenciesLockPath(deps.project.lockPath, storeId),
  });
}

/** What every request is locked to, after the lock file was brought up to date where that was asked for. */
async function lockedTools(
  options: SyncOptions,
  deps: SyncDeps,
): Promise<ReadonlyMap<string, LockedTool>> {
  const { project, emit } = deps;
  const { lock, text } = readLock(project.lockPath);
  const plan = planLock(project.requests, lock, deps.platform);
  for (const { request, error } of plan.impossible) emit(failed(request, error));
  if (options.locked) refuseChanges(plan, project.lockPath);
  if (options.mode === "check") {
    for (const { request, reason } of plan.unresolved) {
      emit({ type: "tool.needed", tool: request.name, version: null, need: "unresolved", reason });
    }
    return plan.locked;
  }
  if (plan.changes.length === 0) return plan.locked;
  const { updateLock } = await import("./update_lock.ts");
  return await updateLock({ lock, text, plan }, options, deps);
}

function refuseChanges({ changes }: LockPlan, lockPath: string): void {
  if (changes.length === 0) return;
  const list = changes.map(({ tool, reason }) => `${tool} (${reason})`).join(", ");
  throw new HaftError(`--locked, but "${lockPath}" would change: ${list}`, {
    next: 'Run "haft sync" without --locked, and commit the lock file',
  });
}

function installPlans(
  locked: ReadonlyMap<string, LockedTool>,
  { force, offline }: SyncOptions,
  { project, platform, store }: SyncDeps,
): InstallPlan[] {
  return project.requests.flatMap((request) => {
    const entry = locked.get(request.name);
    if (entry === undefined) return [];
    return planInstall(request, entry, {
      platform,
      projectDir: project.root,
      force,
      offline,
      receipt: (storeId, version) => store.receipt(storeId, version),
      directory: (storeId, version) => store.directory(storeId, version),
      satisfied: satisfiedBy,
      dependenciesLock: (storeId) => readTextIfAny(dependenciesLockPath(project.lockPath, storeId)) ?? null,
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
      return emit(failed(plan.request, plan.error, plan.version));
    case "needed": {
      const { version } = plan.config;
      if (mode === "install") return emit({ type: "tool.queued", tool, version });
      return emit({ type: "tool.needed", tool, version, need: plan.need, reason: plan.reason });
    }
  }
}

function failed(request: ToolRequest, error: HaftError, version: string | null = null): SyncEvent {
  return { type: "tool.failed", tool: request.name, version, error: error.message, next: error.next ?? null };
}
