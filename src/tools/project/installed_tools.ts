import { compare, parse } from "@std/semver";
import { join } from "node:path";
import { hasDependencies } from "../../protocol/artifact.ts";
import type { LockedTool, LockFile } from "../locked_tool.ts";
import { lockState } from "../lockfile/lock_matches.ts";
import { dependenciesLockPath, readTextIfAny } from "../lockfile/read_lock_file.ts";
import type { Platform } from "../platform.ts";
import { platformParts } from "../platform.ts";
import { acceptedVersions, type ToolRequest } from "../request.ts";
import { installConfig, toolStoreId } from "../resolve/install_config.ts";
import { damageOf } from "../store/executables.ts";
import { dependenciesPath, isOwnChoice, type Receipt, receiptPath } from "../store/receipt.ts";
import type { InstalledTool, Store } from "../store/store.ts";
import { installationName } from "../store/store_names.ts";
import { versionSatisfies } from "../versions/pick_version.ts";

/** One tool of a project, as it is on this machine. */
export interface ProjectTool {
  request: ToolRequest;
  /** What the lock file says, or what is installed; undefined while neither says anything. */
  version: string | undefined;
  /** Undefined when that version is not installed, or is not what the project asks for. */
  installed: InstalledTool | undefined;
  /** Why what is installed is not run for this project. */
  refused: string | undefined;
  /** A newer version that fits and is not taken, as the lock file of another project chose it. */
  passedOver: string | undefined;
  /** Meant for another system. */
  elsewhere: boolean;
  /** The files beside manifest and lock file that decide this. */
  deciding: string[];
}

export interface InstalledToolsContext {
  lock: LockFile;
  /** The project's directory. */
  root: string;
  /** Where its lock file is. */
  lockPath: string;
  store: Store;
  platform: Platform;
}

/**
 * Finds what a request runs. All projects share one store, so another project may have put anything there:
 * - What the lock file names runs when the receipt has the locked files, and for `js` the locked
 *   dependencies.
 * - Without a lock entry, only what haft chose from the user's or this project's sources; the newest that
 *   fits.
 */
export function projectTool(request: ToolRequest, context: InstalledToolsContext): ProjectTool {
  const { lock, platform } = context;
  const elsewhere = request.os !== undefined && !request.os.includes(platformParts(platform).os);
  const entry = Object.hasOwn(lock.tools, request.name) ? lock.tools[request.name] : undefined;
  // What was installed before the request was for other systems only is not the project's any more.
  if (elsewhere) return { request, elsewhere, version: entry?.version, ...NOTHING_INSTALLED };
  const locked = entry !== undefined && lockState(request, entry) !== "stale" ? entry : undefined;
  if (locked !== undefined) installationName(toolStoreId(request), locked.version);
  let looked: Found | undefined;
  // A project may ask for hundreds of tools of which one is meant: each is looked for when it is asked about.
  const found = () =>
    looked ??= locked === undefined ? chosenFirst(request, context) : lockedTool(request, locked, context);
  return {
    request,
    elsewhere,
    get version() {
      return found().version;
    },
    get installed() {
      return found().installed;
    },
    get refused() {
      return found().refused;
    },
    get passedOver() {
      return found().passedOver;
    },
    get deciding() {
      return found().deciding;
    },
  };
}

const NOTHING_INSTALLED = { installed: undefined, refused: undefined, passedOver: undefined, deciding: [] };

type Found = Pick<ProjectTool, "version" | "installed" | "refused" | "passedOver" | "deciding">;

function lockedTool(
  request: ToolRequest,
  entry: LockedTool,
  { root, lockPath, store, platform }: InstalledToolsContext,
): Found {
  const { version, kind } = entry;
  const storeId = toolStoreId(request);
  const lock = hasDependencies(kind) ? dependenciesLockPath(lockPath, storeId, kind) : undefined;
  let installed: InstalledTool | undefined;
  try {
    const config = installConfig(request, entry, {
      platform,
      projectDir: root,
      force: false,
      offline: true,
      origin: "locked",
      dependenciesLock: lock === undefined ? null : readTextIfAny(lock) ?? null,
    });
    installed = store.satisfying(config);
  } catch {
    // The lock has nothing for this platform: a sync explains it.
  }
  const isPlain = installed?.directory === store.directory(storeId, version);
  const present = isPlain && installed !== undefined ? [installed] : store.installations(storeId, version);
  // Also those that do not count yet: a receipt that is made whole makes them count.
  const directories = isPlain && installed !== undefined
    ? [installed.directory]
    : store.directories(storeId, (own) => own === version);
  const deciding = [
    ...directories.map(receiptPath),
    ...(lock === undefined ? [] : [lock, ...directories.map((path) => dependenciesPath(path, kind))]),
  ];
  const refused = installed === undefined && present.length > 0
    ? damageOf(present) ?? "what is installed is not what haft.lock says"
    : undefined;
  return { version, deciding, installed, refused, passedOver: undefined };
}

/** Of the versions that a request accepts, the first that is installed; without any, the first. */
function chosenFirst(request: ToolRequest, context: InstalledToolsContext): Found {
  return acceptedVersions(request).map((version) => chosenTool({ ...request, version }, context))
    .reduce((best, one) => best.installed === undefined && one.installed !== undefined ? one : best);
}

function chosenTool(request: ToolRequest, { root, store, platform }: InstalledToolsContext): Found {
  const storeId = toolStoreId(request);
  const fitting = store.versions(storeId)
    .filter(({ receipt: { platform: own, version } }) =>
      own === platform && versionSatisfies(request.version, version)
    )
    .toSorted((a, b) => newestFirst(a.receipt, b.receipt, root));
  const installed = fitting.find(({ receipt }) => isOwnChoice(receipt, root));
  const [newest] = fitting;
  // Also those that do not count yet: a receipt that is made whole makes them count.
  const deciding = store.directories(storeId, (version) => versionSatisfies(request.version, version))
    .map(receiptPath);
  if (installed !== undefined) {
    const { version } = installed.receipt;
    const passedOver = newest?.receipt.version === version ? undefined : newest?.receipt.version;
    return { version, deciding, installed, refused: undefined, passedOver };
  }
  return {
    version: newest?.receipt.version,
    deciding,
    installed: undefined,
    refused: newest === undefined ? undefined : OTHERS_CHOICE,
    passedOver: undefined,
  };
}

const OTHERS_CHOICE = "the lock file of another project chose it, and no lock file of this project names it";

/** What a person should know who may expect another version, or the one that is installed. */
export function choiceNote({ request: { name }, version, installed, refused, passedOver }: ProjectTool):
  | string
  | undefined {
  if (installed === undefined) {
    return refused === undefined ? undefined : `${name} ${version} is not run: ${refused}; ${DECIDE_HERE}`;
  }
  if (passedOver === undefined) return undefined;
  return `${name} ${version} runs, not ${passedOver}: ${OTHERS_CHOICE}; ${DECIDE_HERE}`;
}

const DECIDE_HERE = '"haft sync" installs what this project asks for, and writes its haft.lock';

/** Of one version, what this project's own sources gave, then what was installed last. */
function newestFirst(a: Receipt, b: Receipt, root: string): number {
  return compare(parse(b.version), parse(a.version)) ||
    Number(b.project === root) - Number(a.project === root) ||
    (a.installed_at < b.installed_at ? 1 : -1);
}

/** The executables of an installed tool: name → absolute path. */
export function executablesOf({ receipt, directory }: InstalledTool): Record<string, string> {
  return Object.fromEntries(Object.entries(receipt.bin).map(([name, path]) => [name, join(directory, path)]));
}
