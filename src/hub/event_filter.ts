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
  const patterns = globs.map(toPattern);
  if (patterns.length === 0) return () => true;
  // Of a burst, most events have the same type.
  let last: { type: string; matches: boolean } | undefined;
  return (type) => {
    if (last?.type !== type) last = { type, matches: patterns.some((pattern) => pattern.test(type)) };
    return last.matches;
  };
}

function toPattern(glob: string): RegExp {
  const segments = glob.split(".");
  if (segments.some((segment) => segment === "")) {
    throw new RangeError(`Event type pattern "${glob}" has an empty segment`);
  }
  const source = segments.map((segment, index) =>
    segment === "*" && index === segments.length - 1
      ? "[^.]+(?:\\.[^.]+)*"
      : segment.split("*").map(escapeText).join("[^.]*")
  );
  return new RegExp(`^${source.join("\\.")}$`);
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}]/g, "\\$&");
}
