import { buildFor, toolOrigin } from "../catalogue/tool_source.ts";
import { lockedArtifacts, type LockedTool } from "../lockfile/locked_tool.ts";
import type { Platform } from "../platform.ts";
import type { ToolRequest } from "../request.ts";

/**
 * Whether the lock says nothing about a platform that the catalogue expects the version to be published for. A lock that was
 * written behind a mirror lists what that mirror had; elsewhere the same version may have more.
 */
export function lacksPublished(request: ToolRequest, locked: LockedTool, platform: Platform): boolean {
  if (locked.kind === "js" || lockedArtifacts(locked, platform) !== undefined) return false;
  const origin = toolOrigin(request);
  if (origin.kind === "package" || origin.source.source !== locked.source) return false;
  const build = buildFor(origin.source, locked.version);
  return build.kind === "native" && build.platforms[platform] !== undefined;
}
