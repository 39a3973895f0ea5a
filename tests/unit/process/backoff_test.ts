import { assertEquals } from "@std/assert";
import { backoffDelay } from "../../../src/process/backoff.ts";

const BACKOFF = { initial: 100, max: 30_000, multiplier: 2, jitter: 0.3 };

Deno.test("backoffDelay() doubles to the longest, which jitter does not pass", () => {
  assertEquals([1, 2, 3, 9, 10, 2000].map((attempt) => backoffDelay(BACKOFF, attempt, 0.5)), [
    100,
    200,
    400,
    25_600,
    30_000,
    30_000,
  ]);
  assertEquals([backoffDelay(BACKOFF, 1, 0), backoffDelay(BACKOFF, 1, 1)], [70, 130]);
  assertEquals(backoffDelay(BACKOFF, 20, 1), 30_000);
});
