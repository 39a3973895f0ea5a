import type { Artifact, SourceName, ToolKind } from "../protocol/artifact.ts";
import { type Platform, PLATFORMS } from "./platform.ts";

/**
 * Where an artifact runs. `any` is a package of pure JavaScript: one artifact for all platforms, and the only
 * key then.
 */
export type LockedPlatform = Platform | "any";

/** The order in which a lock file lists them. */
export const LOCKED_PLATFORMS: readonly LockedPlatform[] = ["any", ...PLATFORMS];

/** Executable name → path below the install directory. */
export type Executables = Record<string, string>;

/** One tool of the lock file: what was chosen for a request, and what proves each download. */
export interface LockedTool {
  /** The version text of the manifest that this answers, e.g. `^2`. */
  request: string;
  /** The exact version. */
  version: string;
  source: SourceName;
  /** Which `[catalogue]` definition it was resolved from; see `definitionKey()`. */
  definition?: string;
  kind: ToolKind;
  /**
   * Every platform that was published when the lock was written. The first artifact of a list holds the
   * executables.
   */
  platforms: Partial<Record<LockedPlatform, Artifact[]>>;
  /** Only where no catalogue entry knows them: a native `npm:NAME`. */
  bin?: Partial<Record<Platform, Executables>>;
}

export interface LockFile {
  version: 1;
  /** By the tool's name in the manifest. */
  tools: Record<string, LockedTool>;
}

/** The newest lock file format that this haft reads, and the one it writes. */
export const LOCK_VERSION = 1;

export function emptyLockFile(): LockFile {
  return { version: LOCK_VERSION, tools: {} };
}

/** The locked artifacts for a platform, or undefined when the version is not published for it. */
export function lockedArtifacts(locked: LockedTool, platform: Platform): Artifact[] | undefined {
  return locked.platforms.any ?? locked.platforms[platform];
}
