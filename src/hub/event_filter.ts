/** What a subscriber wants to see. */
export interface EventFilter {
  /** Globs on the event's type; any of them may match. All types when empty. */
  types: readonly string[];
  /** The app, tool or task that the event is about; every subject when undefined. */
  subject?: string | undefined;
}

/**
 * Compiles globs on dot-separated event types. `*` stands for any text within one segment; as the whole last
 * segment it stands for one or more segments: `app.*` matches `app.log_line` and `app.a.b`, but neither `app`
 * nor `apple.x`.
 *
 * @throws {RangeError} when a glob is empty or has an empty segment
 */
export function compileTypeGlobs(globs: readonly string[]): (type: string) => boolean {
  const matchers = globs.map(toMatcher);
  if (matchers.length === 0) return () => true;
  // Of a burst, most events have the same type.
  let last: { type: string; matches: boolean } | undefined;
  return (type) => {
    if (last?.type !== type) {
      const segments = type.split(".");
      last = { type, matches: matchers.some((matches) => matches(segments)) };
    }
    return last.matches;
  };
}

function toMatcher(glob: string): (segments: readonly string[]) => boolean {
  const wanted = glob.split(".");
  if (wanted.some((segment) => segment === "")) {
    throw new RangeError(`Event type pattern "${glob}" has an empty segment`);
  }
  const isOpen = wanted.at(-1) === "*";
  const texts = wanted.map((segment) => segment.split("*"));
  return (segments) =>
    (isOpen ? segments.length >= wanted.length : segments.length === wanted.length) &&
    segments.every((segment, index) =>
      segment !== "" && (index >= texts.length || matchesSegment(segment, texts[index] ?? []))
    );
}

/**
 * Each text between two stars is taken where it comes first, so that the time is bounded.
 *
 * @param texts what stands before, between and behind the stars
 */
function matchesSegment(segment: string, [start = "", ...others]: readonly string[]): boolean {
  const end = others.pop();
  if (end === undefined) return segment === start;
  if (segment.length < start.length + end.length) return false;
  if (!segment.startsWith(start) || !segment.endsWith(end)) return false;
  let at = start.length;
  for (const text of others) {
    const found = segment.indexOf(text, at);
    if (found === -1) return false;
    at = found + text.length;
  }
  return at <= segment.length - end.length;
}
