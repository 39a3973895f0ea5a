import { choosesVersionFiles } from "../base/mise_env.ts";
import { makeDirectory } from "../base/private_directory.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { readLock } from "../tools/lockfile/read_lock_file.ts";
import { fingerprints, unchanged } from "../tools/project/fingerprint.ts";
import { buildRunsCode, installRunsCode } from "../tools/project/gated_parts.ts";
import { executablesOf } from "../tools/project/installed_tools.ts";
import { knownProjectPath } from "../tools/project/known_projects.ts";
import type { Project } from "../tools/project/project.ts";
import { projectRequests } from "../tools/project/project_files.ts";
import type { Fingerprints } from "../tools/project/looks.ts";
import { entryPath, keyOf, type KnownSync, type SyncPlace } from "./known_sync.ts";
import { LEFT_TO_SYSTEM, NOT_LOCKED_THERE } from "./plan_install.ts";
import { planLayer } from "./plan_lock.ts";
import { lockedLayers } from "./project_sync.ts";

/** What a sync did, and what its answer depends on. */
export interface SyncDone {
  events: readonly SyncEvent[];
  /** What was looked at beside the files of the project. */
  lookedAt: readonly string[];
  /** The project's files as they were when it was read: a slow reader of stdout may have held it up since. */
  files: Fingerprints | undefined;
  /** When the reading began, in milliseconds since 1970. */
  asOf: number;
}

/** Remembers a sync that had nothing to do and nothing to warn of. */
export function rememberSync(
  project: Project,
  { events, lookedAt, files: before, asOf }: SyncDone,
  place: SyncPlace,
): void {
  if (choosesVersionFiles(place.env) || !events.every(isNothingToDo) || dependsOnTrust(project)) return;
  const files = fingerprints([
    ...project.decidingFiles,
    // Another program may empty, remove or replace them.
    ...project.tools.flatMap(({ installed }) =>
      installed === undefined ? [] : Object.values(executablesOf(installed))
    ),
    knownProjectPath(project.root, place.paths),
    ...lookedAt,
  ], asOf);
  if (files === undefined || before === undefined || !unchanged(before)) return;
  if (leavesEntries(project)) return;
  try {
    const entry: KnownSync = { key: keyOf(place), events: [...events], files };
    makeDirectory(place.paths.knownSyncs, { mode: 0o700 });
    writeAtomic(entryPath(place), JSON.stringify(entry), { mode: 0o600, durable: false });
  } catch {
    // It only saves time: without it the next sync reads the project again.
  }
}

/** Entries that `--locked` let pass, and that a sync without it takes out. */
function leavesEntries(project: Project): boolean {
  return lockedLayers(project).filter(({ owner }) => owner === "checkout").some((layer) =>
    planLayer(layer, { lock: readLock(layer.lockPath).lock, platform: hostPlatform() }).moved.length > 0
  );
}

/** A version that is not to be had is asked for each time. */
function isNothingToDo(event: SyncEvent): boolean {
  return event.type === "sync.started" || event.type === "sync.finished" || event.type === "tool.present" ||
    (event.type === "tool.skipped" && event.reason !== LEFT_TO_SYSTEM && event.reason !== NOT_LOCKED_THERE);
}

/** Trust is given and taken without a change to the project's files. */
function dependsOnTrust({ files }: Project): boolean {
  const { registry, mirrors, foreignEnv } = files;
  return registry.length > 0 || [mirrors, foreignEnv].some((part) => Object.keys(part).length > 0) ||
    projectRequests(files).some((request) => installRunsCode(request) || buildRunsCode(request));
}
