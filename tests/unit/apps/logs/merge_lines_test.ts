import { assertEquals } from "@std/assert";
import { mergeLines } from "../../../../src/apps/logs/merge_lines.ts";

/** Lines named after their stream and number, with these times. */
function merged(streams: Record<string, (number | null)[]>): string {
  const rows = Object.entries(streams).map(([name, times]) =>
    [name, times.map((time, at) => ({ line: `${at + 1}`, partial: false, time }))] as const
  );
  return mergeLines(rows, (name, { line }) => `${name}${line}`).join(" ");
}

Deno.test("mergeLines() sorts by time and keeps the order of each stream", () => {
  const rows: [Record<string, (number | null)[]>, string][] = [
    [{ a: [1, 3, 5], b: [2, 4] }, "a1 b1 a2 b2 a3"],
    [{ a: [1, 1], b: [1] }, "a1 a2 b1"],
    // A time that is not known is that of the next line, at the end that of the last one before.
    [{ a: [null, 3, null, 7], b: [2, 4] }, "b1 a1 a2 b2 a3 a4"],
    [{ a: [1, 5, null], b: [2, 6] }, "a1 b1 a2 a3 b2"],
    [{ a: [null, null], b: [2] }, "a1 a2 b1"],
    // The clock was far ahead, then right again; and set back a little.
    [{ a: [9_000, 3], b: [2, 4] }, "b1 a1 a2 b2"],
    [{ a: [10, 11, 5, 6], b: [7] }, "a1 a2 a3 a4 b1"],
    [{}, ""],
  ];
  for (const [streams, expected] of rows) assertEquals(merged(streams), expected, JSON.stringify(streams));
});
