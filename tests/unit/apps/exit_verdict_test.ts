import { assertEquals } from "@std/assert";
import { parseApp } from "../../../src/apps/config/parse_apps.ts";
import { backoffDelay } from "../../../src/process/backoff.ts";
import { exitVerdict } from "../../../src/apps/state/exit_verdict.ts";

const CLEAN = { code: 0, signal: null };
const FAILED = { code: 1, signal: null };
const KILLED = { code: null, signal: "SIGKILL" };
const UNKNOWN = { code: null, signal: null };

Deno.test("exitVerdict() by policy and exit", () => {
  const rows = [
    ["no", CLEAN, "ended"],
    ["no", FAILED, "failed"],
    ["no", UNKNOWN, "failed"],
    ["on-failure", CLEAN, "ended"],
    ["on-failure", FAILED, "retry"],
    ["on-failure", KILLED, "retry"],
    ["on-failure", UNKNOWN, "retry"],
    ["always", CLEAN, "retry"],
    ["always", FAILED, "retry"],
    ["unless-stopped", CLEAN, "retry"],
    ["unless-stopped", UNKNOWN, "retry"],
  ] as const;
  for (const [restart, exit, expected] of rows) {
    const config = parseApp("x", { command: "true", restart });
    assertEquals(exitVerdict(exit, config, 0), expected, `${restart} ${JSON.stringify(exit)}`);
  }
});

Deno.test("exitVerdict() gives up after max_attempts restarts, and never without it", () => {
  const config = parseApp("x", { command: "true", restart: "always", backoff: { max_attempts: 2 } });
  assertEquals([0, 1, 2, 3].map((attempts) => exitVerdict(FAILED, config, attempts)), [
    "retry",
    "retry",
    "gave_up",
    "gave_up",
  ]);
  const none = parseApp("x", { command: "true", restart: "always", backoff: { max_attempts: 0 } });
  assertEquals(exitVerdict(FAILED, none, 0), "gave_up");
  assertEquals(exitVerdict(FAILED, parseApp("x", { command: "true" }), 1e9), "retry");
});

Deno.test("backoffDelay() doubles to the longest, which jitter does not pass", () => {
  const { backoff } = parseApp("x", { command: "true" });
  assertEquals([1, 2, 3, 9, 10, 2000].map((attempt) => backoffDelay(backoff, attempt, 0.5)), [
    100,
    200,
    400,
    25_600,
    30_000,
    30_000,
  ]);
  assertEquals([backoffDelay(backoff, 1, 0), backoffDelay(backoff, 1, 1)], [70, 130]);
  assertEquals(backoffDelay(backoff, 20, 1), 30_000);
});
