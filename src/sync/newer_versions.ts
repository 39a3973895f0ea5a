import { asHaftError, type HaftError } from "../base/errors.ts";
import { forEachLimited } from "../base/work_pool.ts";
import type { LockedTool } from "../tools/locked_tool.ts";
import { isNewer } from "../tools/versions/pick_version.ts";
import type { ProjectTool } from "../tools/project/installed_tools.ts";
import type { Resolver } from "./update_lock.ts";

/** What a tool's source has beside what a project uses. */
export interface NewerVersions {
  tool: ProjectTool;
  /** The newest version that the request allows. */
  wanted: LockedTool;
  /** The newest of all. */
  latest: LockedTool;
}

/** A tool whose source could not be asked. */
export interface NotAsked {
  tool: ProjectTool;
  error: HaftError;
}

/** Sources that are asked at a time. */
const AT_ONCE = 8;

/** Asks the source of each tool what there is now. The answers are in the order of the tools. */
export async function newerVersions(
  tools: readonly ProjectTool[],
  { resolve, signal }: { resolve: Resolver; signal: AbortSignal },
): Promise<{ found: NewerVersions[]; failed: NotAsked[] }> {
  const found = new Map<ProjectTool, NewerVersions>();
  const failed: NotAsked[] = [];
  await forEachLimited(tools, { limit: AT_ONCE, signal }, async (tool) => {
    const { request } = tool;
    try {
      const wanted = await resolve(request, signal);
      const latest = request.version === "latest"
        ? wanted
        : await resolve({ ...request, version: "latest" }, signal);
      found.set(tool, { tool, wanted, latest: isNewer(wanted.version, latest.version) ? wanted : latest });
    } catch (error) {
      signal.throwIfAborted();
      failed.push({ tool, error: asHaftError(error) });
    }
  });
  return { found: tools.flatMap((tool) => found.get(tool) ?? []), failed };
}
