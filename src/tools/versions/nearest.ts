import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { compare, format, type SemVer, tryParse } from "@std/semver";

/** At most this many suggestions: more is a list, not help. */
const MOST = 3;

/** The names that look most like the given one, best first; none when nothing comes close. */
export function nearestNames(name: string, names: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const near: { candidate: string; distance: number }[] = [];
  for (const candidate of new Set(names)) {
    const lower = candidate.toLowerCase();
    // Swapped letters are one slip of the fingers, but two edits.
    const distance = sortedLetters(wanted) === sortedLetters(lower) ? 1 : levenshteinDistance(wanted, lower);
    const close = distance <= Math.max(1, Math.floor(wanted.length / 3));
    // "nodejs" for "node": one name begins with the whole of the other.
    const prefixed = Math.min(wanted.length, lower.length) >= 3 &&
      (wanted.startsWith(lower) || lower.startsWith(wanted));
    if (close || prefixed) near.push({ candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return near.slice(0, MOST).map(({ candidate }) => candidate);
}

function sortedLetters(text: string): string {
  return [...text].sort().join("");
}

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

/** `Did you mean "a" or "b"?`, or undefined when there is nothing to offer. */
export function didYouMean(candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const quoted = candidates.map((candidate) => `"${candidate}"`);
  const last = quoted.pop() ?? "";
  return `Did you mean ${quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`}?`;
}
