import { format, satisfies, tryParse } from "@std/semver";
import type { ToolRequest } from "../request.ts";
import { definitionKey } from "../catalogue/definition.ts";
import { toolSource } from "../catalogue/tool_source.ts";
import { tryParseVersionRequest } from "../versions/version_request.ts";
import { LOCKED_PLATFORMS, type LockedTool } from "../locked_tool.ts";
import { sourceOf } from "../sources/sources.ts";

/**
 * What a lock entry is worth to a request:
 * - `same`: it answers exactly this request; nothing is resolved and nothing is written.
 * - `satisfies`: the request's text changed, but the locked version is one it could mean; only the text is
 *   written.
 * - `stale`: the tool is resolved again.
 */
export type LockState = "same" | "satisfies" | "stale";

export function lockState(request: ToolRequest, locked: LockedTool): LockState {
  if (!describes(request, locked)) return "stale";
  if (request.version.trim() === locked.request) return "same";
  return newlySatisfies(request.version, locked.version) ? "satisfies" : "stale";
}

/**
 * Whether each artifact is one of the tool that is asked for, as the catalogue or `npm:NAME` and the like say
 * it.
 */
function describes(
  request: ToolRequest,
  { source, definition, version, platforms }: LockedTool,
): boolean {
  const entry = toolSource(request);
  if (entry.source !== source || definitionKey(request) !== definition) return false;
  const { owns } = sourceOf(source);
  return LOCKED_PLATFORMS.every((platform) =>
    (platforms[platform] ?? []).every((artifact) =>
      artifact.kind === source && owns(entry, artifact, { version, platform })
    )
  );
}

/** Whether the locked version may be kept; see {@link lockState} for whether the file still changes. */
export function lockMatches(request: ToolRequest, locked: LockedTool): boolean {
  return lockState(request, locked) !== "stale";
}

/** The entry with the request's text, for a lock that `satisfies`. */
export function withRequest(locked: LockedTool, request: ToolRequest): LockedTool {
  return { ...locked, request: request.version.trim() };
}

/**
 * A changed tag cannot be judged without asking the source. A locked pre-release is kept only for a range
 * that names it: who writes `^2` after `2.0.0-beta.1` wants the release.
 */
function newlySatisfies(text: string, version: string): boolean {
  const asked = tryParseVersionRequest(text);
  const given = tryParse(version);
  if (asked === undefined || given === undefined) return false;
  if (asked.kind === "exact") return asked.version === format(given);
  return asked.kind === "range" && satisfies(given, asked.range);
}
