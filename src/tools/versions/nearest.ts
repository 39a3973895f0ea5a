import { levenshteinDistance } from "@std/text/levenshtein-distance";

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
    // Of one letter, any other is one slip away.
    const close = wanted.length > 1 && distance <= Math.max(1, Math.floor(wanted.length / 3));
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

/** `Did you mean "a" or "b"?`, or undefined when there is nothing to offer. */
export function didYouMean(candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const quoted = candidates.map((candidate) => `"${candidate}"`);
  const last = quoted.pop() ?? "";
  return `Did you mean ${quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`}?`;
}
