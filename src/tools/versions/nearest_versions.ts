import { compare, format, type SemVer, tryParse } from "@std/semver";

/**
 * The versions that `wanted` may have meant: the newest of the same minor, of the same major,
 * and of all, in that order, stable ones where there are any.
 */
export function nearestVersions(wanted: string, versions: readonly string[]): string[] {
  const all = versions.map((version) => tryParse(version)).filter((version) => version !== undefined);
  const stable = all.filter((version) => (version.prerelease ?? []).length === 0);
  const newestFirst = (stable.length > 0 ? stable : all).sort((a, b) => compare(b, a));
  const numbers = /(\d+)(?:\.(\d+))?/.exec(wanted);
  const major = numbers?.[1] === undefined ? undefined : Number(numbers[1]);
  const minor = numbers?.[2] === undefined ? undefined : Number(numbers[2]);
  const same = (test: (version: SemVer) => boolean) => newestFirst.find(test);
  const picks = [
    same((version) => version.major === major && version.minor === minor),
    same((version) => version.major === major),
    newestFirst[0],
  ].filter((version) => version !== undefined);
  return [...new Set(picks.map(format))];
}
