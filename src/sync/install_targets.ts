import { hasDependencies } from "../protocol/artifact.ts";
import type { InstallConfig, InstallOrigin } from "../protocol/install.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import type { ToolOptions } from "../protocol/tool_options.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { lockMatches } from "../tools/lockfile/lock_matches.ts";
import { dependenciesLockPath, readLock, readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import type { LockedTool } from "../tools/locked_tool.ts";
import type { Project } from "../tools/project/project.ts";
import { plainRequest, type ToolRequest } from "../tools/request.ts";
import { installConfig, toolStoreId } from "../tools/resolve/install_config.ts";
import { forEachLimited } from "../base/work_pool.ts";
import { type Installer, installOne } from "./install_one.ts";
import { tallied, toolFailed } from "./tally.ts";
import type { Resolver } from "./update_lock.ts";

/** A tool to install, by name; without a version, at the project's or the newest. */
export interface InstallTarget {
  name: string;
  version?: string | undefined;
}

export interface InstallTargetsOptions {
  targets: readonly InstallTarget[];
  /** Options on top of those of the manifest. */
  extra?: ToolOptions;
  force: boolean;
  offline: boolean;
  /** Tools at a time. */
  jobs: number;
}

export interface InstallTargetsDeps {
  project: Project;
  resolve: Resolver;
  install: Installer;
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
 * Installs tools by name, whether the project asks for them or not, and changes neither manifest nor lock
 * file. Failures of tools are events.
 *
 * @returns what was installed, in the order asked for, and whether that is all
 */
export async function installTargets(
  options: InstallTargetsOptions,
  deps: InstallTargetsDeps,
): Promise<{ ok: boolean; installed: InstalledTarget[] }> {
  const { project, signal } = deps;
  const jobs = labelled(options.targets).map(([label, target]) => ({
    label,
    ...plan(target, { project, extra: options.extra ?? {} }),
  }));
  const installed = new Map<string, InstalledTarget>();
  const run = {
    root: project.root,
    tools: jobs.map(({ label, request }) => ({ tool: label, request: request.version })),
    jobs: options.jobs,
    store: project.store.root,
  };
  const { ok } = await tallied(run, deps.emit, async (emit) => {
    await forEachLimited(jobs, { limit: options.jobs, signal }, async ({ label, request, locked }) => {
      let version: string | null = null;
      try {
        if (locked === undefined) emit({ type: "tool.resolving", tool: label, request: request.version });
        const known = locked ?? await deps.resolve(request, signal);
        version = known.version;
        const config = configOf(
          { request, locked: known, origin: locked === undefined ? "resolved" : "locked" },
          options,
          project,
        );
        emit({ type: "tool.queued", tool: label, version });
        const done = await installOne(label, config, { ...deps, emit, store: project.store });
        installed.set(label, {
          label,
          version,
          path: done.install_path,
          alreadyInstalled: done.already_installed,
        });
      } catch (error) {
        if (!signal.aborted) emit(toolFailed(label, version, error));
      }
    });
  });
  return { ok, installed: jobs.flatMap(({ label }) => installed.get(label) ?? []) };
}

export interface TargetContext {
  project: Project;
  /** Options on top of those of the manifest. */
  extra: ToolOptions;
  resolve: Resolver;
  signal: AbortSignal;
}

/** The whole job of one target: the project's version of it, or the one that its source has. */
export async function targetConfig(
  target: InstallTarget,
  { project, extra, resolve, signal }: TargetContext,
): Promise<InstallConfig> {
  const { request, locked } = plan(target, { project, extra });
  const known = locked ?? await resolve(request, signal);
  const origin = locked === undefined ? "resolved" : "locked";
  return configOf({ request, locked: known, origin }, { force: false, offline: false }, project);
}

function configOf(
  { request, locked, origin }: { request: ToolRequest; locked: LockedTool; origin: InstallOrigin },
  { force, offline }: Pick<InstallTargetsOptions, "force" | "offline">,
  project: Project,
): InstallConfig {
  const { root, lockPath } = project.layerOf(request.name) ?? project.layers[0];
  const file = dependenciesLockPath(lockPath, toolStoreId(request), locked.kind);
  return installConfig(request, locked, {
    platform: hostPlatform(),
    projectDir: root,
    force,
    offline,
    origin,
    dependenciesLock: hasDependencies(locked.kind) ? readTextIfAny(file) ?? null : null,
  });
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
  { project, extra }: { project: Project; extra: ToolOptions },
): { request: ToolRequest; locked: LockedTool | undefined } {
  const { catalogue } = project.files;
  const asked = catalogue.toolName(target.name);
  const own = project.requests.find(({ name }) => name === asked);
  const commandLine = { file: "the command line", key: target.name };
  const base: ToolRequest = own ?? {
    ...plainRequest(catalogue.tool(asked)),
    version: "latest",
    decidedBy: commandLine,
  };
  const request: ToolRequest = {
    ...base,
    ...(target.version === undefined ? {} : { version: target.version, decidedBy: commandLine }),
    options: { ...base.options, ...extra },
  };
  // A tool that is named is wanted on this system.
  delete request.os;
  const layer = project.layerOf(asked);
  if (layer === undefined) return { request, locked: undefined };
  const { tools } = readLock(layer.lockPath).lock;
  const locked = Object.hasOwn(tools, request.name) ? tools[request.name] : undefined;
  return { request, locked: locked !== undefined && lockMatches(request, locked) ? locked : undefined };
}
