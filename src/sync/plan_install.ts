import { asHaftError, type HaftError } from "../base/errors.ts";
import { hasDependencies, type ToolKind } from "../protocol/artifact.ts";
import type { InstallConfig, InstallOrigin } from "../protocol/install.ts";
import { wrongArchiveHash } from "./archive_hash.ts";
import { type Platform, platformParts } from "../tools/platform.ts";
import type { LockedTool } from "../tools/locked_tool.ts";
import type { ToolRequest } from "../tools/request.ts";
import { installConfig, toolStoreId } from "../tools/resolve/install_config.ts";

/** Why a tool is not locked for which `system` comes last. */
export const LEFT_TO_SYSTEM = "no such version can be had, so it is left to the system";

/** Why a tool of another checkout, or of the user, is left out where everything has to be locked. */
export const NOT_LOCKED_THERE = "the lock file beside what asks for it does not name it";

/** What one tool needs on this machine. */
export type InstallPlan =
  /** Not meant for this system. */
  | { state: "skipped"; request: ToolRequest; reason: string }
  | { state: "present"; request: ToolRequest; config: InstallConfig; path: string }
  | {
    state: "needed";
    request: ToolRequest;
    config: InstallConfig;
    need: "missing" | "different" | "forced";
    reason: string;
  }
  /** Cannot be installed here. */
  | { state: "impossible"; request: ToolRequest; version: string; error: HaftError };

/** What the plan asks of the world; each is one small read. */
export interface InstallPlanDeps {
  platform: Platform;
  projectDir: string;
  force: boolean;
  offline: boolean;
  origin: InstallOrigin;
  /** Why what the store has of a version is not what is asked for; undefined when it has none. */
  whyNot(storeId: string, version: string): string | undefined;
  /** Where exactly that is installed, if it is. */
  installedAt(config: InstallConfig): string | undefined;
  /** The text of the installer's own lock, `null` where there is none. */
  dependenciesLock(storeId: string, kind: ToolKind): string | null;
}

/** Whether the request is meant for another system. */
export function otherSystem(request: ToolRequest, platform: Platform): string | undefined {
  const { os } = platformParts(platform);
  return request.os === undefined || request.os.includes(os)
    ? undefined
    : `only for ${request.os.join(", ")}`;
}

/** Compares what is locked with what the store has. */
export function planInstall(
  request: ToolRequest,
  locked: LockedTool,
  deps: InstallPlanDeps,
): InstallPlan {
  const { platform, projectDir, force, offline, origin } = deps;
  const elsewhere = otherSystem(request, platform);
  if (elsewhere !== undefined) return { state: "skipped", request, reason: elsewhere };
  const wrong = wrongArchiveHash(request, locked);
  if (wrong !== undefined) return { state: "impossible", request, version: locked.version, error: wrong };
  let config: InstallConfig;
  let id: string;
  try {
    id = toolStoreId(request);
    const dependenciesLock = hasDependencies(locked.kind) ? deps.dependenciesLock(id, locked.kind) : null;
    config = installConfig(request, locked, {
      platform,
      projectDir,
      force,
      offline,
      origin,
      dependenciesLock,
    });
  } catch (error) {
    return { state: "impossible", request, version: locked.version, error: asHaftError(error) };
  }
  const path = deps.installedAt(config);
  if (path === undefined) {
    const reason = deps.whyNot(id, locked.version);
    return reason === undefined
      ? { state: "needed", request, config, need: "missing", reason: "not installed" }
      : { state: "needed", request, config, need: "different", reason };
  }
  if (force) {
    return { state: "needed", request, config, need: "forced", reason: "installed again (--force)" };
  }
  return { state: "present", request, config, path };
}
