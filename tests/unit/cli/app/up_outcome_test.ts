import { assertEquals } from "@std/assert";
import { upOutcome } from "../../../../src/cli/app/up_outcome.ts";
import type { AppStatus } from "../../../../src/protocol/methods/app_methods.ts";

function app(
  name: string,
  state: AppStatus["state"],
  exit: { code?: number; signal?: string; nextRun?: number } = {},
): AppStatus {
  return {
    name,
    root: "/p",
    state,
    desired: "running",
    command: [],
    cwd: null,
    autostart: true,
    restart_policy: "no",
    max_attempts: null,
    limits: { memory: null, cpu_percent: null },
    depends_on: {},
    env_names: [],
    health_check: false,
    next_run: exit.nextRun ?? null,
    hosts: null,
    adhoc: false,
    changed: [],
    pending: [],
    instances: [{
      instance: 0,
      state,
      reason: null,
      pid: null,
      started_at: null,
      uptime_secs: null,
      restarts: 0,
      restart_reason: null,
      exit_code: exit.code ?? null,
      exit_signal: exit.signal ?? null,
      cpu_percent: null,
      memory_bytes: null,
      ports: null,
      port: null,
      log_files: [],
      stdout_log: "",
      stderr_log: "",
    }],
  };
}

Deno.test("upOutcome() is over when nothing is left to run, with the first failed app's exit code", () => {
  const done = app("a", "stopped", { code: 0 });
  const failed = app("b", "crashed", { code: 7 });
  const killed = app("c", "exhausted", { signal: "SIGSEGV" });
  const rows: [AppStatus[], string[], number | undefined][] = [
    [[done], [], 0],
    [[done, app("d", "running")], [], undefined],
    [[done, app("d", "backoff")], [], undefined],
    [[done, app("d", "stopping")], [], undefined],
    [[done, app("d", "stopped", { nextRun: 5 })], [], undefined],
    [[done, failed], ["b"], 7],
    [[failed, killed], ["c", "b"], 139],
    [[failed, killed], ["b", "c"], 7],
    [[app("e", "crashed")], ["e"], 1],
    [[app("e", "exhausted", { code: 0 })], ["e"], 1],
    // It failed, and was started again and stopped by a person.
    [[app("b", "stopped", { code: 0 })], ["b"], 0],
  ];
  for (const [apps, failures, code] of rows) {
    assertEquals(
      upOutcome(apps, { failures })?.code,
      code,
      JSON.stringify([apps.map(({ state }) => state), code]),
    );
  }
});

Deno.test("upOutcome() ends with the app of exitOn, and with the first failure when that aborts", () => {
  const running = app("web", "running");
  const failed = app("test", "crashed", { code: 3 });
  assertEquals(upOutcome([running, failed], { failures: ["test"] }), undefined);
  assertEquals(upOutcome([running, failed], { failures: ["test"], abortOnFailure: true }), {
    code: 3,
    by: "test",
  });
  assertEquals(upOutcome([running, failed], { failures: [], exitOn: "test" }), { code: 3, by: "test" });
  const done = app("test", "stopped", { code: 0 });
  assertEquals(upOutcome([running, done], { failures: [], exitOn: "test" }), { code: 0, by: "test" });
  assertEquals(upOutcome([running, done], { failures: [], exitOn: "web" }), undefined);
});
