import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { HaftError } from "../base/errors.ts";
import { hasDependencies, type ToolKind } from "../protocol/artifact.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { dependenciesLockPath, readLock, readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import type { Platform } from "../tools/platform.ts";
import { projectTool } from "../tools/project/installed_tools.ts";
import type { RequestLayer } from "../tools/project/request_layers.ts";
import { isSystemOtherwise } from "../tools/request.ts";
import { damageOf } from "../tools/store/executables.ts";
import { installedDependencies } from "../tools/store/receipt.ts";
import type { Store } from "../tools/store/store.ts";
import { forEachLimited } from "../base/work_pool.ts";
import type { ClosingInstaller } from "./install_one.ts";
import { type InstallPlan, LEFT_TO_SYSTEM, NOT_LOCKED_THERE, planInstall } from "./plan_install.ts";
import { type LockedRequests, type LockPlan, planLayer, planLock, type Unresolved } from "./plan_lock.ts";
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

/** Requests with a lock file of their own. */
export interface SyncLayer extends LockedRequests {
  /**
   * `--locked` and `--check` are about the lock files of the checkout; those that are elsewhere are used as
   * they are, and not written.
   */
  owner: RequestLayer["owner"];
}

export interface SyncDeps {
  project: LockedRequests;
  /** What else is asked for here: by a haft.local.toml, by outer projects, by the user. */
  others?: readonly SyncLayer[];
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
  const { project, others = [], paths } = deps;
  const run = {
    root: project.root,
    tools: [project, ...others].flatMap(({ requests }) => requests).map(({ name, version }) => ({
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
  const { signal, emit, store, project, others = [] } = deps;
  const plans: LayerPlan[] = [];
  const asking = others.filter(({ requests, overridden = [] }) => requests.length + overridden.length > 0);
  const writes = options.mode !== "check" && !options.locked;
  const around = writes ? asking.map(writtenOrElsewhere) : asking;
  for (const layer of [{ ...project, owner: "checkout" as const }, ...around]) {
    const own = { ...deps, project: layer, emit: namingOverridden(layer, deps.emit) };
    const locked = layer.owner === "elsewhere"
      ? await lockedElsewhere(options, own)
      : await lockedTools({ ...options, locked: options.locked && layer.owner === "checkout" }, own);
    const found = installPlans(locked, options, own);
    plans.push(...found.map((plan) => ({ ...chosenHere(plan, locked, layer), layer })));
  }
  for (const plan of plans) announce(plan, options, deps);
  const needed = plans.filter((plan) => plan.state === "needed");
  if (options.mode !== "install" || signal.aborted) return;
  await keepPresentLocks(plans, options);
  if (needed.length === 0) return;
  const { installOne } = await import("./install_one.ts");
  await using install = await deps.installer();
  await forEachLimited(needed, { limit: options.jobs, signal }, async ({ config, layer }) => {
    try {
      const keepLock = await lockKeeper(options, layer);
      await installOne(config.tool_name, config, { install, store, signal, emit, keepLock });
    } catch (error) {
      if (!signal.aborted) emit(toolFailed(config.tool_name, config.version, error));
    }
  });
}

type LayerPlan = InstallPlan & { layer: SyncLayer };

/** The lock file of an outer project in a directory that cannot be written stays as it is. */
function writtenOrElsewhere(layer: SyncLayer): SyncLayer {
  if (layer.owner === "elsewhere") return layer;
  try {
    accessSync(dirname(layer.lockPath), constants.W_OK);
    return layer;
  } catch {
    return { ...layer, owner: "elsewhere" };
  }
}

/**
 * What is locked and not installed here has the name of a tool that is: only what is wrong with it is told,
 * of `NAME@REQUEST`.
 */
function namingOverridden({ overridden = [] }: SyncLayer, emit: SyncDeps["emit"]): SyncDeps["emit"] {
  const labels = new Map(overridden.map(({ name, version }) => [name, `${name}@${version}`]));
  return (event) => {
    const label = "tool" in event ? labels.get(event.tool) : undefined;
    if (label === undefined) return emit(event);
    if (event.type === "tool.failed" || event.type === "tool.needed") emit({ ...event, tool: label });
  };
}

/**
 * No lock file names what was resolved for a layer that is elsewhere. What is there by another project's
 * choice would not run for it, and is installed anew as the user's.
 */
function chosenHere(plan: InstallPlan, { resolved }: Locked, { owner }: SyncLayer): InstallPlan {
  if (owner !== "elsewhere" || plan.state !== "present" || !resolved.has(plan.request.name)) return plan;
  const { request, config } = plan;
  const reason = "another project's lock file chose what is installed";
  return { state: "needed", request, config: { ...config, force: true }, need: "different", reason };
}

/** Writes an installer's own lock beside the project's, or refuses to. */
async function lockKeeper({ locked }: SyncOptions, { lockPath, owner }: SyncLayer) {
  const { writeProjectFile } = await import("./project_lock.ts");
  return (text: string, { store_id: storeId, kind }: { store_id: string; kind: ToolKind }) => {
    if (owner === "elsewhere") return;
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
  plans: readonly LayerPlan[],
  options: SyncOptions,
): Promise<void> {
  for (const plan of plans) {
    if (options.locked || plan.state !== "present" || !hasDependencies(plan.config.kind)) continue;
    const text = installedDependencies(plan.path);
    if (text === undefined || text === plan.config.dependencies_lock) continue;
    (await lockKeeper(options, plan.layer))(text, plan.config);
  }
}

/** What every request is locked to, after the lock file was brought up to date where that was asked for. */
async function lockedTools(
  options: SyncOptions,
  deps: SyncDeps,
): Promise<Locked> {
  const { project, emit } = deps;
  const { lock } = readLock(project.lockPath);
  const plan = planLayer(project, { lock, platform: deps.platform });
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
  const isUpToDate = plan.changes.length === 0 && (options.locked || plan.moved.length === 0);
  if (isUpToDate) return { tools: plan.locked, resolved: new Set() };
  const { resolveMissing, updateLock } = await import("./update_lock.ts");
  const work = { ...deps, locks: deps.paths.locks, jobs: options.jobs };
  if (options.mode === "dry-run") return (await resolveMissing({ lock, plan }, work)).locked;
  return await updateLock(work);
}

/**
 * What a lock file that is not this checkout's says. What it lacks is what runs here already, or is resolved
 * and not written; where everything has to be locked, it is left out, as it is none of this checkout's.
 */
async function lockedElsewhere(options: SyncOptions, deps: SyncDeps): Promise<Locked> {
  const { project, platform, store, emit } = deps;
  const { lock } = readLock(project.lockPath);
  const plan = planLock(project.requests, lock, platform);
  const isStrict = options.locked || options.mode === "check";
  const lacking: Unresolved[] = [];
  for (const one of plan.unresolved) {
    const { version, installed } = projectTool(one.request, { ...project, lock, store, platform });
    const tool = one.request.name;
    if (installed !== undefined && version !== undefined && !options.force) {
      emit({ type: "tool.present", tool, version, path: installed.directory });
    } else if (isStrict) {
      emit({ type: "tool.skipped", tool, reason: NOT_LOCKED_THERE });
    } else lacking.push(one);
  }
  for (const { request: { name }, error } of plan.impossible) {
    emit(
      isStrict
        ? { type: "tool.skipped", tool: name, reason: NOT_LOCKED_THERE }
        : toolFailed(name, null, error),
    );
  }
  if (lacking.length === 0) return { tools: plan.locked, resolved: new Set() };
  const { resolveMissing } = await import("./update_lock.ts");
  const missing = { lock, plan: { ...plan, unresolved: lacking } };
  return (await resolveMissing(missing, { ...deps, jobs: options.jobs })).locked;
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

function announce(plan: LayerPlan, { mode }: SyncOptions, { emit }: SyncDeps): void {
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
      if (mode === "check" && plan.layer.owner === "elsewhere") {
        return emit({ type: "tool.skipped", tool, reason: `${plan.reason}; no tool of this checkout` });
      }
      return emit({ type: "tool.needed", tool, version, need: plan.need, reason: plan.reason });
    }
  }
}
