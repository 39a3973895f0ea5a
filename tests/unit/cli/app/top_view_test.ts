import { assert, assertEquals } from "@std/assert";
import { topScreen, type TopView } from "../../../../src/cli/app/top_view.ts";
import type { AppState, AppStatus } from "../../../../src/protocol/methods/app_methods.ts";
import { createStyle } from "../../../../src/ui/style.ts";
import { widest } from "../../../../src/ui/text.ts";

const style = createStyle(false);

function app(name: string, state: AppState = "running"): AppStatus {
  return {
    name,
    root: "/p",
    state,
    desired: "running",
    command: ["x"],
    cwd: "/p",
    autostart: true,
    restart_policy: "no",
    max_attempts: null,
    limits: { memory: null, cpu_percent: null },
    depends_on: {},
    env_names: [],
    health_check: false,
    next_run: null,
    adhoc: false,
    changed: [],
    pending: [],
    instances: [{
      instance: 0,
      state,
      reason: null,
      pid: 1234,
      started_at: 0,
      uptime_secs: 61,
      restarts: 2,
      restart_reason: "exited with code 1",
      exit_code: null,
      exit_signal: null,
      cpu_percent: 1.25,
      memory_bytes: 5_000_000,
      ports: null,
      stdout_log: "",
      stderr_log: "",
    }],
  };
}

const view: TopView = {
  apps: [app("web", "healthy"), app("worker"), app("db", "crashed")],
  selected: "worker",
  log: Array.from({ length: 100 }, (_, n) => `line ${n} \x1b[31m${"x".repeat(n)}`),
  filter: "",
  typing: false,
  message: "",
};

Deno.test("topScreen() shows the list, the selected app's newest lines, and the keys", () => {
  assertEquals(topScreen(view, { columns: 80, rows: 10, style }), [
    "haft  3 apps",
    "   app     state    pid   up     restarts  cpu   memory",
    "   web     healthy  1234  1m 1s  2         1.3%  5.0 MB",
    "›  worker  running  1234  1m 1s  2         1.3%  5.0 MB",
    "   db      crashed  1234  1m 1s  2         1.3%  5.0 MB",
    "── worker ─────────────────────────────────────────────────────────────────────…",
    `line 97 ${"x".repeat(71)}…`,
    `line 98 ${"x".repeat(71)}…`,
    `line 99 ${"x".repeat(71)}…`,
    "↑↓ select  s start  x stop  r restart  / filter  q quit",
  ]);
});

Deno.test("topScreen() fills any terminal exactly: as many lines as rows, none wider than columns", () => {
  const many = { ...view, apps: Array.from({ length: 40 }, (_, n) => app(`app-${n}`)), selected: "app-30" };
  for (const [columns, rows] of [[80, 24], [50, 12], [30, 6], [200, 60]] as const) {
    for (const one of [view, many, { ...view, apps: [], selected: undefined, log: [] }]) {
      const screen = topScreen(one, { columns, rows, style });
      assertEquals(screen.length, rows);
      assert(widest(screen) <= columns, `${columns}×${rows}: ${widest(screen)}`);
    }
    assert(topScreen(many, { columns, rows, style }).some((line) => line.startsWith("›  app-30")));
  }
});

Deno.test("topScreen() shows the filter while it is typed, and only what it lets through", () => {
  const screen = topScreen({ ...view, filter: "w", typing: true }, { columns: 80, rows: 12, style });
  assertEquals(screen[0], "haft  2 apps  /w▏");
  assertEquals(screen.some((line) => line.includes("db ")), false);
});
