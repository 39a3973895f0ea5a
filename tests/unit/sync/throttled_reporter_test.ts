import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { InstallProgress } from "../../../src/protocol/install.ts";
import { ThrottledReporter } from "../../../src/sync/throttled_reporter.ts";
import { until } from "../../support/until.ts";

function downloading(bytes: number): InstallProgress {
  return { state: "downloading", tool: "biome", percent: bytes, bytes_downloaded: bytes, total_bytes: 100 };
}

const extracting: InstallProgress = { state: "extracting", tool: "biome", percent: 1 };

Deno.test("ThrottledReporter passes the first and the last of each phase, in order", () => {
  const sent: InstallProgress[] = [];
  const reporter = new ThrottledReporter({ send: (progress) => sent.push(progress), now: () => 0 });
  for (let bytes = 0; bytes <= 100; bytes++) reporter.report(downloading(bytes));
  reporter.report(extracting);
  reporter.close();
  assertEquals(sent, [downloading(0), downloading(100), extracting]);
});

Deno.test("ThrottledReporter passes about one report an interval", () => {
  let now = 0;
  const sent: InstallProgress[] = [];
  const reporter = new ThrottledReporter({
    send: (progress) => sent.push(progress),
    interval: 50,
    now: () => now,
  });
  for (let bytes = 0; bytes <= 100; bytes++) {
    now = bytes * 10;
    reporter.report(downloading(bytes));
  }
  reporter.close();
  assert(sent.length <= 22, String(sent.length));
  assertEquals(sent.at(-1), downloading(100));
});

Deno.test("ThrottledReporter lets what is held back go by itself", async () => {
  const sent: InstallProgress[] = [];
  const reporter = new ThrottledReporter({ send: (progress) => sent.push(progress), interval: 5 });
  reporter.report(downloading(1));
  reporter.report(downloading(2));
  await until(() => sent, "two are sent", { passes: ({ length }) => length >= 2, intervalMs: 1 });
  reporter.close();
  assertEquals(sent, [downloading(1), downloading(2)]);
});

Deno.test("ThrottledReporter repeats a step without figures as a sign of life, until the next", async () => {
  const sent: InstallProgress[] = [];
  const reporter = new ThrottledReporter({ send: (progress) => sent.push(progress), heartbeat: 2 });
  const step: InstallProgress = { state: "post_install", tool: "biome", message: "waiting" };
  reporter.report(step);
  await until(() => sent, "three are sent", { passes: ({ length }) => length >= 3, intervalMs: 1 });
  reporter.report(extracting);
  const count = sent.length;
  await delay(10);
  assertEquals(sent.length, count);
  reporter.close();
});
