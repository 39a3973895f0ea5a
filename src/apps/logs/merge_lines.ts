import type { StoredLine } from "./search_log.ts";

/**
 * Merges the lines of several streams by time. The lines of one stream keep their order even where the clock
 * was set back; a line whose time is not known stands with its neighbours.
 *
 * @param streams each one's lines, oldest first
 * @param make what becomes of a line
 */
export function mergeLines<Source, Line>(
  streams: readonly (readonly [Source, readonly StoredLine[]])[],
  make: (source: Source, line: StoredLine) => Line,
): Line[] {
  const merged: { place: number; line: Line }[] = [];
  for (const [source, lines] of streams) {
    for (const [at, place] of placesOf(lines).entries()) {
      const line = lines[at];
      if (line !== undefined) merged.push({ place, line: make(source, line) });
    }
  }
  // Stable, and the places of one stream never fall.
  return merged.sort((a, b) => a.place - b.place).map(({ line }) => line);
}

/** The time of each line, or of the earliest one after it where that is less. */
function placesOf(lines: readonly StoredLine[]): number[] {
  let place = lines.findLast(({ time }) => time !== null)?.time ?? 0;
  const places: number[] = [];
  for (const { time } of lines.toReversed()) {
    place = Math.min(place, time ?? place);
    places.push(place);
  }
  return places.reverse();
}
