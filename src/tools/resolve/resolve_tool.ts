import type { LockedTool } from "../locked_tool.ts";
import { definitionKey } from "../catalogue/definition.ts";
import { toolSource } from "../catalogue/tool_source.ts";
import { PLATFORMS } from "../platform.ts";
import { acceptedVersions, type ToolRequest } from "../request.ts";
import type { ResolveDeps } from "../sources/source.ts";
import { NoSuchVersionError } from "../sources/source_error.ts";
import { sourceOf } from "../sources/sources.ts";
import { HaftError } from "../../base/errors.ts";
import { parseBehind, parseVersionRequest, versionBehind } from "../versions/version_request.ts";

/**
 * Turns a request into a lock entry: the exact version, and for every platform what to download and what
 * proves it, from metadata alone. The answer does not depend on the platform this runs on.
 * @throws {UsageError} on an unknown tool, source or version text
 * @throws {HaftError} when no version answers the request, or an artifact comes without a strong hash
 */
export async function resolveTool(request: ToolRequest, deps: ResolveDeps): Promise<LockedTool> {
  let first: unknown;
  for (const version of acceptedVersions(request)) {
    try {
      return { ...await resolveVersion({ ...request, version }, deps), request: request.version.trim() };
    } catch (error) {
      // A source that cannot be reached says nothing of its versions.
      if (!(error instanceof NoSuchVersionError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

async function resolveVersion(request: ToolRequest, deps: ResolveDeps): Promise<LockedTool> {
  const behind = parseBehind(request.version);
  if (behind !== undefined) {
    const { version } = await resolveVersion({ ...request, version: behind.base }, deps);
    const wanted = versionBehind(version, behind.minus);
    if (wanted === undefined) {
      throw new HaftError(`"${request.name}" ${version} has nothing ${behind.minus} behind it`);
    }
    return await resolveVersion({ ...request, version: wanted }, deps);
  }
  // Wrong text must not cost a request.
  parseVersionRequest(request.version);
  const entry = toolSource(request);
  const found = await sourceOf(entry.source).resolve(entry, request, deps);
  const definition = definitionKey(request);
  return {
    request: request.version.trim(),
    source: entry.source,
    ...(definition === undefined ? {} : { definition }),
    ...found,
  };
}

/**
 * Every version that a tool's source offers, oldest first.
 *
 * @throws {UsageError} on an unknown tool
 * @throws {HaftError} when the source cannot be asked
 */
export async function availableVersions(request: ToolRequest, deps: ResolveDeps): Promise<string[]> {
  const entry = toolSource(request);
  return await sourceOf(entry.source).versions(entry, request, deps);
}

/** Version → the day it was published; empty where the tool's source does not tell. */
export async function versionDates(
  request: ToolRequest,
  deps: ResolveDeps,
): Promise<ReadonlyMap<string, string>> {
  const entry = toolSource(request);
  return await sourceOf(entry.source).dates?.(entry, request, deps) ?? new Map();
}

/**
 * Asks again for the same version and adds the platforms that the lock lacks. What is locked already stays as
 * it is, so that the install notices a registry that now answers otherwise, and the evidence is not
 * overwritten.
 * @returns the same object when there was nothing to add
 */
export async function completeLocked(
  request: ToolRequest,
  locked: LockedTool,
  deps: ResolveDeps,
): Promise<LockedTool> {
  const found = await resolveTool({ ...request, version: locked.version }, deps);
  const added = PLATFORMS.filter((platform) =>
    locked.platforms[platform] === undefined && found.platforms[platform] !== undefined
  );
  if (added.length === 0 || found.kind !== locked.kind) return locked;
  const platforms = { ...locked.platforms };
  const bin = { ...locked.bin };
  for (const platform of added) {
    const artifacts = found.platforms[platform];
    if (artifacts !== undefined) platforms[platform] = artifacts;
    const executables = found.bin?.[platform];
    if (executables !== undefined) bin[platform] = executables;
  }
  return Object.keys(bin).length === 0 ? { ...locked, platforms } : { ...locked, platforms, bin };
}
