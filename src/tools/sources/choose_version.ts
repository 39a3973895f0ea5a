import type { SourceRequest } from "./source_request.ts";
import { isStableVersion, pickVersion, sortVersions } from "../versions/pick_version.ts";
import { parseVersionRequest } from "../versions/version_request.ts";

/** Words for the newest release, in sources that have no tags of their own. */
const NEWEST = new Set(["latest", "stable", "current"]);

/** Whether a tag asks for the newest release. */
export function isNewest(tag: string): boolean {
  return NEWEST.has(tag.toLowerCase());
}

/**
 * The version that a request means among those of a source without tags: the newest release for `latest`.
 *
 * @returns undefined when none answers it
 */
export function chooseFrom(versions: readonly string[], request: SourceRequest): string | undefined {
  const asked = parseVersionRequest(request.version);
  if (asked.kind === "exact") return versions.find((version) => version === asked.version);
  if (asked.kind === "range") return pickVersion(versions, asked.range);
  return isNewest(asked.tag) ? newest(versions) : undefined;
}

/** The newest release; a pre-release only when there is nothing else. */
export function newest(versions: readonly string[]): string | undefined {
  const sorted = sortVersions(versions);
  return sorted.findLast(isStableVersion) ?? sorted.at(-1);
}

/** The versions with their one tag, for the error about an unknown one. */
export function withLatest(
  versions: readonly string[],
): { versions: readonly string[]; distTags: Record<string, string> } {
  const latest = newest(versions);
  return { versions, distTags: latest === undefined ? {} : { latest } };
}
