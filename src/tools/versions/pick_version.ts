import { compare, format, type Range, satisfies, type SemVer, tryParse } from "@std/semver";
import { tryParseVersionRequest } from "./version_request.ts";

/** The versions that are semantic versions, oldest first. Registries list them in any order. */
export function sortVersions(versions: readonly string[]): string[] {
  return parsed(versions).sort(compare).map(format);
}

/**
 * The newest version inside the range. A stable one wins over any pre-release, unless the range itself names
 * a pre-release (`^2.0.0-beta.1`). A tool that has published nothing but pre-releases (`7.0.0-dev.…` for `7`)
 * yields its newest.
 */
export function pickVersion(versions: readonly string[], range: Range): string | undefined {
  const newestFirst = parsed(versions).sort((a, b) => compare(b, a));
  const found = newestFirst.find((version) => isStable(version) && satisfies(version, range)) ??
    newestFirst.find((version) => satisfiesWithPreRelease(version, range));
  const asked = namesPreRelease(range) ? newestFirst.find((version) => satisfies(version, range)) : undefined;
  const best = asked ?? found;
  return best === undefined ? undefined : format(best);
}

/**
 * Whether the version is one that the request could have chosen. A tag says nothing about versions, so no
 * version satisfies it; text that is no request satisfies nothing either.
 */
export function versionSatisfies(request: string, version: string): boolean {
  const asked = tryParseVersionRequest(request);
  const given = tryParse(version);
  if (asked === undefined || given === undefined) return false;
  switch (asked.kind) {
    case "exact":
      return asked.version === format(given);
    case "range":
      return satisfiesWithPreRelease(given, asked.range);
    case "tag":
      return false;
  }
}

/** True when the version has no pre-release part. */
export function isStableVersion(version: string): boolean {
  const given = tryParse(version);
  return given !== undefined && isStable(given);
}

/** Whether version `a` comes after version `b`; false for text that is no version. */
export function isNewer(a: string, b: string): boolean {
  const [left, right] = [tryParse(a), tryParse(b)];
  return left !== undefined && right !== undefined && compare(left, right) > 0;
}

/** A pre-release counts as the release it leads up to: `7.0.0-dev.1` is inside `7`. */
function satisfiesWithPreRelease(version: SemVer, range: Range): boolean {
  if (satisfies(version, range)) return true;
  return !isStable(version) && !namesPreRelease(range) && satisfies({ ...version, prerelease: [] }, range);
}

function isStable(version: SemVer): boolean {
  return (version.prerelease ?? []).length === 0;
}

function namesPreRelease(range: Range): boolean {
  return range.some((comparators) => comparators.some((one) => (one.prerelease ?? []).length > 0));
}

function parsed(versions: readonly string[]): SemVer[] {
  return versions.map((version) => tryParse(version)).filter((version) => version !== undefined);
}
