import { assertEquals, assertStringIncludes } from "@std/assert";
import { appFacts, appRow } from "../../../clients/vscode/src/model/app_rows.ts";
import { noDaemon } from "../../../clients/vscode/src/model/daemon_words.ts";
import { portIn } from "../../../clients/vscode/src/model/port_in.ts";
import type { App, DeclaredTask, TaskRun } from "../../../clients/vscode/src/model/project.ts";
import { partsOf } from "../../../clients/vscode/src/model/project.ts";
import { runArguments, runRow } from "../../../clients/vscode/src/model/task_words.ts";

const instance: App["instances"][number] = {
  instance: 0,
  state: "healthy",
  reason: null,
  pid: 42,
  started_at: 0,
  uptime_secs: 1,
  restarts: 2,
  restart_reason: null,
  exit_code: null,
  exit_signal: null,
  cpu_percent: 12.34,
  memory_bytes: 3 * 1_048_576,
  ports: [3000],
  port: null,
  log_files: [],
  stdout_log: "",
  stderr_log: "",
};
const app: App = {
  name: "web",
  root: "/p",
  state: "healthy",
  desired: "running",
  command: ["node", "server.js"],
  cwd: "/p",
  autostart: true,
  restart_policy: "always",
  max_attempts: null,
  limits: { memory: null, cpu_percent: null },
  depends_on: {},
  env_names: [],
  health_check: true,
  next_run: null,
  hosts: null,
  adhoc: false,
  changed: [],
  pending: ["command"],
  instances: [instance],
};

Deno.test("appRow() has state and restarts, and appFacts() what it costs", () => {
  const { description, context } = appRow(app, { known: true });
  assertEquals([description, context], ["healthy, 2 restarts, :3000", "app.running"]);
  assertEquals(appRow({ ...app, state: "exhausted" }, { known: true }).context, "app.stopped");
  const facts = appFacts(app);
  for (const part of ["$ node server.js", "pid 42", "12.3 % CPU", "3.0 MiB", "A restart takes up: command"]) {
    assertStringIncludes(facts, part);
  }
});

Deno.test("without a daemon an app and a run that has not ended are unknown", () => {
  const { description, context } = appRow(app, { known: false });
  assertEquals([description, context], ["unknown", "app.unknown"]);
  const row = (change: Partial<TaskRun>) =>
    runRow({ ...run, ...change }, { now: 0, known: false }).description;
  assertEquals(row({ state: "running", ended_at: null }), "unknown");
  assertEquals(row({}), "exit code 3 after 1.5 s");
});

Deno.test("noDaemon() says why until a daemon is there, also while one is looked for", () => {
  const absent = noDaemon({ state: "absent" }, undefined);
  assertEquals(absent?.label, "The daemon is not running");
  assertEquals(noDaemon({ state: "connecting" }, absent), absent);
  assertEquals(noDaemon({ state: "connecting" }, undefined), undefined);
  assertEquals(
    noDaemon({ state: "failed", error: new Error("no access") }, absent)
      ?.description,
    "no access",
  );
});

Deno.test("portIn() takes the newest line that says a port", () => {
  assertEquals(portIn(["Listening on http://localhost:3000/", "GET / 200", "now on 127.0.0.1:4000"]), 4000);
  assertEquals(portIn(["Server running on port 8080"]), 8080);
  assertEquals(portIn(["took 12:3000 ms", "99999 things"]), undefined);
});

const run: TaskRun = {
  id: "0123456789ab",
  name: "test",
  root: "/p",
  state: "aborted",
  reason: "failed",
  error: null,
  attempt: 1,
  skipped: false,
  skip_reason: null,
  exit_code: 3,
  pid: null,
  result: null,
  text: null,
  client_id: null,
  created_at: 0,
  started_at: 0,
  ended_at: 1_500,
  log: "",
};

Deno.test("runRow() says how a run stands or ended", () => {
  const row = (change: Partial<TaskRun>) => {
    const { description, context } = runRow({ ...run, ...change }, { now: 0, known: true });
    return `${context}: ${description}`;
  };
  assertEquals(row({}), "run.failed: exit code 3 after 1.5 s");
  assertEquals(row({ exit_code: null, reason: "cancelled" }), "run.failed: cancelled after 1.5 s");
  assertEquals(row({ state: "completed" }), "run.done: done in 1.5 s");
  assertEquals(row({ state: "completed", skipped: true }), "run.done: nothing to do");
  assertEquals(row({ state: "running", attempt: 2 }), "run.active: runs, attempt 2");
});

Deno.test("runArguments() leaves defaults to haft, and a value is one word", () => {
  const parameter = { choices: null, description: null };
  const task: DeclaredTask = {
    name: "greet",
    aliases: [],
    description: null,
    manifest: "/p/haft.toml",
    hidden: false,
    depends: [],
    confirm: null,
    parameters: [{ ...parameter, name: "who", default: null }, {
      ...parameter,
      name: "how",
      default: "loud",
    }],
  };
  assertEquals(runArguments(task, new Map([["who", "a b; rm"], ["how", "loud"]])), ["--who=a b; rm"]);
});

Deno.test("partsOf() asks again only for what an event is about, and for all after a gap", () => {
  const parts = (event: string, data: object) =>
    partsOf({ type: "event", seq: 1, time: 1, event, data } as Parameters<typeof partsOf>[0], "/work/app");
  assertEquals(parts("app.status_change", { root: "/work/app" }), ["apps"]);
  assertEquals(parts("app.status_change", { root: "/work" }), ["apps"]);
  assertEquals(parts("task.started", { root: "/work/app/web" }), ["runs"]);
  assertEquals(parts("task.started", { root: "/work/application" }), []);
  assertEquals(parts("runtime.installed", {}), ["tools", "environment"]);
  for (const event of ["lagged", "reset", "config.changed"]) assertEquals(parts(event, {}).length, 6);
});
