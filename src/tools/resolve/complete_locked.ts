import type { LockedTool } from "../lockfile/locked_tool.ts";
import { PLATFORMS } from "../platform.ts";
import type { ToolRequest } from "../request.ts";
import type { ResolveDeps } from "./deps.ts";
import { resolveTool } from "./resolve_tool.ts";

/**
 * Asks again for the same version and adds the platforms that the lock lacks. What is locked already stays as it is, so that
 * a registry that now answers otherwise is noticed by the install, not written over the evidence.
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
