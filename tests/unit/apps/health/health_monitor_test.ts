import { assertEquals } from "@std/assert";
import { parseApp } from "../../../../src/apps/config/parse_apps.ts";
import { HealthMonitor } from "../../../../src/apps/health/health_monitor.ts";
import { until } from "../../../support/until.ts";
import { FakeClock } from "../../process/fakes.ts";

function monitor(health: Record<string, unknown>, answer: () => string | undefined) {
  const clock = new FakeClock();
  const told: string[] = [];
  const config = parseApp("x", { command: "x", health }).health;
  if (config === undefined) throw new Error("no health");
  let checks = 0;
  const made = new HealthMonitor(config, {
    clock,
    check: () => {
      checks++;
      return Promise.resolve(answer());
    },
    onPass: () => told.push("pass"),
    onFail: (_, failures, counts) => told.push(counts ? `fail ${failures}` : "fail"),
    onUnhealthy: () => told.push("unhealthy"),
  });
  return { clock, told, monitor: made, checks: () => checks };
}

Deno.test("HealthMonitor counts failures in a row once it has passed, and a pass begins anew", async () => {
  let failure: string | undefined;
  const { clock, told, monitor: made } = monitor({ exec: "x", interval: "1s", retries: 2 }, () => failure);
  await clock.pass(0);
  failure = "no";
  await clock.pass(1_000);
  failure = undefined;
  await clock.pass(1_000);
  failure = "no";
  await clock.pass(2_000);
  assertEquals(told, ["pass", "fail 1", "pass", "fail 1", "fail 2", "unhealthy"]);
  made[Symbol.dispose]();
  await clock.pass(10_000);
  assertEquals(told.length, 6);
});

Deno.test("HealthMonitor: failures within the start period do not count", async () => {
  const { clock, told } = monitor({ exec: "x", interval: "1s", retries: 1, start_period: "3s" }, () => "no");
  await clock.pass(2_900);
  assertEquals(new Set(told), new Set(["fail"]));
  await clock.pass(100);
  assertEquals(told.slice(-2), ["fail 1", "unhealthy"]);
});

Deno.test("HealthMonitor says what is wrong with an expression, and takes it for no fault of the app's", async () => {
  const { clock, told, monitor: made } = monitor(
    { log_line: "(?:a{90}){90}", timeout: "1s" },
    () => undefined,
  );
  made.line("a line");
  await until(() => told.length > 0, "it is said");
  await clock.pass(1e6);
  assertEquals(told, ["fail 3"]);
});

Deno.test("HealthMonitor by a line passes at the first that matches, and fails when none comes in time", async () => {
  const first = monitor({ log_line: "^ready" }, () => undefined);
  first.monitor.line("not ready");
  first.monitor.line("ready now");
  await until(() => first.told.length > 0, "the line counts once the pattern is ready");
  await first.clock.pass(1e6);
  assertEquals([first.told, first.checks()], [["pass"], 0]);
  const late = monitor({ log_line: "^ready" }, () => undefined);
  for (let n = 0; n < 20_000; n++) late.monitor.line("not ready");
  late.monitor.line("ready after all of them");
  await until(() => late.told.length > 0, "the last of many early lines counts");
  const second = monitor(
    { log_line: "^ready", timeout: "5s", retries: 2, start_period: "10s" },
    () => undefined,
  );
  await second.clock.pass(19_999);
  assertEquals(second.told, []);
  await second.clock.pass(1);
  assertEquals(second.told, ["fail 2", "unhealthy"]);
});
