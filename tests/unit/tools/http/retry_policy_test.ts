import { assertEquals } from "@std/assert";
import { backoffMs, isRetriableStatus, retryAfterMs } from "../../../../src/tools/http/retry_policy.ts";

Deno.test("backoffMs() doubles up to ten seconds, with full jitter", () => {
  assertEquals([1, 2, 3, 4, 20].map((attempt) => backoffMs(attempt, () => 1)), [
    300,
    600,
    1200,
    2400,
    10_000,
  ]);
  assertEquals(backoffMs(4, () => 0), 0);
  assertEquals(backoffMs(4, () => 0.5), 1200);
});

Deno.test("retryAfterMs() reads seconds and dates, and nothing else", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const rows: [string | null, number | undefined][] = [
    ["0", 0],
    [" 12 ", 12_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["soon", undefined],
    ["-3x", undefined],
    [null, undefined],
  ];
  for (const [header, expected] of rows) assertEquals(retryAfterMs(header, now), expected);
});

Deno.test("isRetriableStatus() holds for 408, 429 and what begins with 5", () => {
  const statuses = [200, 304, 400, 401, 404, 408, 410, 416, 429, 500, 502, 503, 504];
  assertEquals(statuses.filter(isRetriableStatus), [408, 429, 500, 502, 503, 504]);
});
