import { assertEquals } from "@std/assert";
import { parseDuration } from "../../../../src/process/config/duration.ts";

Deno.test("parseDuration() reads units, and nothing else", () => {
  const durations: [string, number | undefined][] = [
    ["500ms", 500],
    ["10s", 10_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["0s", 0],
    ["10", undefined],
    ["10 sec", undefined],
    ["-1s", undefined],
    ["30d", undefined],
  ];
  for (const [text, expected] of durations) assertEquals(parseDuration(text), expected, text);
});
