import { errorMessage, HaftError } from "../base/errors.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { lockMatches } from "../tools/lockfile/lock_matches.ts";
import { dependenciesLockPath, readLock, readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import type { LockedTool } from "../tools/lockfile/locked_tool.ts";
import type { Project } from "../tools/project/load_project.ts";
import type { ToolRequest } from "../tools/request.ts";
import { installConfig, toolStoreId } from "../tools/resolve/install_config.ts";
import { forEachLimited } from "./for_each_limited.ts";
import type { InstallOne } from "./install_all.ts";
import type { Completed } from "./install_conversation.ts";
import type { Resolver } from "./resolve_all.ts";
import { Tally } from "./tally.ts";

/** A tool to install, by name; without a version, at the project's or the newest. */
export interface InstallTarget {
  name: string;
  version?: string | undefined;
}

export interface InstallTargetsOptions {
  targets: readonly InstallTarget[];
  /** Options on top of those of the manifest. */
  extra?: Readonly<Record<string, unknown>>;
  force: boolean;
  offline: boolean;
  /** Tools at a time. */
  jobs: number;
}

export interface InstallTargetsDeps {
  project: Project;
  /** The store's directory, for the last event. */
  paths: { store: string };
  resolve: Resolver;
  install: InstallOne;
  emit(event: SyncEvent): void;
  signal: AbortSignal;
}

export interface InstalledTarget {
  /** What it is called in the events: its name, or name and version where a name is asked for twice. */
  label: string;
  version: string;
  path: string;
  alreadyInstalled: boolean;
}

/**
 * Installs tools by name, whether the project asks for them or not, and changes neither manifest nor lock file. Failures of
 * tools are events.
 *
 * @returns what was installed, in the order asked for, and whether that is all
 */
export async function installTargets(
  options: InstallTargetsOptions,
  deps: InstallTargetsDeps,
): Promise<{ ok: boolean; installed: InstalledTarget[] }> {
  const { project, signal } = deps;
  const tally = new Tally();
  const emit = (event: SyncEvent) => {
    tally.add(event);
    deps.emit(event);
  };
  const jobs = labelled(options.targets).map(([label, target]) => ({
    label,
    ...plan(target, { project, extra: options.extra ?? {} }),
  }));
  const begun = performance.now();
  emit({
    type: "sync.started",
    root: project.root,
    tools: jobs.map(({ label, request }) => ({ tool: label, request: request.version })),
    jobs: options.jobs,
  });
  const installed = new Map<string, InstalledTarget>();
  await forEachLimited(jobs, { limit: options.jobs, signal }, async ({ label, request, locked }) => {
    let version: string | null = null;
    try {
      if (locked === undefined) emit({ type: "tool.resolving", tool: label, request: request.version });
      const known = locked ?? await deps.resolve(request, signal);
      version = known.version;
      const done = await installTarget(label, { request, locked: known }, options, { ...deps, emit });
      installed.set(label, {
        label,
        version,
        path: done.install_path,
        alreadyInstalled: done.already_installed,
      });
    } catch (error) {
      if (signal.aborted) return;
      const next = error instanceof HaftError ? error.next ?? null : null;
      emit({ type: "tool.failed", tool: label, version, error: errorMessage(error), next });
    }
  });
  for (const { label } of jobs) {
    if (!tally.settled(label)) emit({ type: "tool.cancelled", tool: label, version: tally.version(label) });
  }
  const duration_ms = Math.round(performance.now() - begun);
  emit({ type: "sync.finished", ok: tally.ok, ...tally.counts, duration_ms, store: deps.paths.store });
  return { ok: tally.ok, installed: jobs.flatMap(({ label }) => installed.get(label) ?? []) };
}

async function installTarget(
  label: string,
  { request, locked }: { request: ToolRequest; locked: LockedTool },
  { force, offline }: InstallTargetsOptions,
  { project, install, emit, signal }: InstallTargetsDeps,
): Promise<Completed> {
  const { version } = locked;
  const file = dependenciesLockPath(project.lockPath, toolStoreId(request));
  const config = installConfig(request, locked, {
    platform: hostPlatform(),
    projectDir: project.root,
    force,
    offline,
    dependenciesLock: locked.kind === "js" ? readTextIfAny(file) ?? null : null,
  });
  const begun = performance.now();
  let bytes = 0;
  emit({ type: "tool.queued", tool: label, version });
  const completed = await install(config, {
    signal,
    onStarted: (pid) => emit({ type: "tool.started", tool: label, version, pid }),
    onProgress(progress) {
      if (progress.state === "downloading") bytes = Math.max(bytes, progress.bytes_downloaded);
      emit({ type: "tool.progress", tool: label, version, progress });
    },
  });
  emit({
    type: "tool.installed",
    tool: label,
    version,
    path: completed.install_path,
    bytes,
    duration_ms: Math.round(performance.now() - begun),
    already_installed: completed.already_installed,
  });
  return completed;
}

/** Each target with its label. */
function labelled(targets: readonly InstallTarget[]): [string, InstallTarget][] {
  const spec = ({ name, version }: InstallTarget) => version === undefined ? name : `${name}@${version}`;
  const different = [...new Map(targets.map((target) => [spec(target), target])).values()];
  return different.map((target) => {
    const alone = different.filter(({ name }) => name === target.name).length === 1;
    return [alone ? target.name : spec(target), target];
  });
}

/** What the target is a request for, and what the project's lock file says of it, if it does. */
function plan(
  target: InstallTarget,
  { project, extra }: { project: Project; extra: Readonly<Record<string, unknown>> },
): { request: ToolRequest; locked: LockedTool | undefined } {
  const own = project.requests.find(({ name }) => name === target.name);
  const commandLine = { file: "the command line", key: target.name };
  const base: ToolRequest = own ?? {
    name: target.name,
    version: "latest",
    options: {},
    installEnv: {},
    decidedBy: commandLine,
  };
  const request: ToolRequest = {
    ...base,
    ...(target.version === undefined ? {} : { version: target.version, decidedBy: commandLine }),
    options: { ...base.options, ...extra },
  };
  // Whoever names a tool wants it here.
  delete request.os;
  if (own === undefined) return { request, locked: undefined };
  const { tools } = readLock(project.lockPath).lock;
  const locked = Object.hasOwn(tools, request.name) ? tools[request.name] : undefined;
  return { request, locked: locked !== undefined && lockMatches(request, locked) ? locked : undefined };
}
