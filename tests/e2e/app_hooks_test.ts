import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AppInstance, AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, isGone } from "./support.ts";

async function started(manifest: string, names: string[] = []): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  await daemon.run("app", "start", ...names);
  return daemon;
}

async function instance(daemon: DaemonSandbox): Promise<AppInstance> {
  const apps: AppStatus[] = JSON.parse((await daemon.run("app", "status", "--json", "a")).stdout);
  const found = apps[0]?.instances[0];
  assert(found !== undefined);
  return found;
}

function text(daemon: DaemonSandbox, file: string): string {
  const path = join(daemon.sandbox.project, file);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

Deno.test("hooks run before and after a start and a stop, in the app's environment, into its log", async () => {
  await using daemon = await started(
    `[apps.a]
command = "echo run >> order; exec sleep 60"
env = { WORD = "mine" }
pre_start = "echo pre_start $WORD >> order; echo said by pre_start"
post_start = "test -n \\"$HAFT_APP_PID\\" && echo post_start >> order"
pre_stop = ["sh", "-c", "kill -0 $HAFT_APP_PID && echo pre_stop >> order"]
post_stop = "kill -0 $HAFT_APP_PID 2> /dev/null || echo post_stop >> order"
`,
  );
  await until(() => text(daemon, "order"), "post_start is told", {
    passes: (order) => order.includes("post_start"),
  });
  await until(() => text(daemon, "order"), "run is told", { passes: (order) => order.includes("run") });
  assertEquals((await daemon.run("app", "stop")).code, 0);
  const lines = text(daemon, "order").trim().split("\n");
  assertEquals(lines[0], "pre_start mine");
  assertEquals(lines.slice(-2), ["pre_stop", "post_stop"]);
  assertEquals(lines.toSorted(), ["post_start", "post_stop", "pre_start mine", "pre_stop", "run"]);
  assertStringIncludes((await daemon.run("app", "logs", "a")).stdout, "said by pre_start");
});

Deno.test("an app whose pre_start fails is not started, and says why; post_stop follows every end", async () => {
  await using daemon = await started('[apps.a]\ncommand = "touch ran"\npre_start = "exit 3"\n');
  const { state, reason } = await instance(daemon);
  assertEquals([state, reason], ["crashed", "pre_start: exit 3 exited with code 3"]);
  assert(!existsSync(join(daemon.sandbox.project, "ran")));
  daemon.sandbox.manifest('[apps.a]\ncommand = "exit 1"\nrestart = "no"\npost_stop = "echo over >> order"\n');
  await daemon.run("trust");
  await daemon.run("app", "start");
  await until(() => text(daemon, "order"), "it is over", { passes: (order) => order === "over\n" });
});

Deno.test("a stop while pre_start runs ends it, and nothing is left", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest('[apps.a]\ncommand = "touch ran"\npre_start = "echo $$ > pid; exec sleep 60"\n');
  await daemon.run("trust");
  const starting = daemon.run("app", "start");
  await until(() => text(daemon, "pid").endsWith("\n"), "pid is written");
  assertEquals((await daemon.run("app", "stop")).code, 0);
  await starting;
  await until(() => isGone(Number(text(daemon, "pid"))), "the process of pid has ended");
  assert(!existsSync(join(daemon.sandbox.project, "ran")));
});

Deno.test("stop_command stops an app instead of the signal; when it fails, the signal follows", async () => {
  await using daemon = await started(
    `[apps.a]
command = "trap 'echo signal >> order; exit 0' TERM; while [ ! -e stop ]; do sleep 0.05; done; echo told >> order"
stop_command = "touch stop"
`,
  );
  assertEquals((await daemon.run("app", "stop")).code, 0);
  assertEquals(text(daemon, "order"), "told\n");
  await Deno.remove(join(daemon.sandbox.project, "stop"));
  await Deno.remove(join(daemon.sandbox.project, "order"));
  daemon.sandbox.manifest(
    `[apps.a]
command = "trap 'echo signal >> order; exit 0' TERM; touch ready; while true; do sleep 0.05; done"
stop_command = "false"
`,
  );
  await daemon.run("trust");
  await daemon.run("app", "start");
  await until(() => existsSync(join(daemon.sandbox.project, "ready")), "it is ready");
  assertEquals((await daemon.run("app", "stop")).code, 0);
  assertEquals(text(daemon, "order"), "signal\n");
});

Deno.test("a program that puts itself into the background is followed by its pid file, and stopped", async () => {
  await using daemon = await started(
    `[apps.a]
command = "rm -f a.pid; (setsid sh -c 'echo $$ > a.pid; exec sleep 60' > /dev/null 2>&1 &) ; exit 0"
pid_file = "a.pid"
restart = "no"
`,
  );
  await until(() => text(daemon, "a.pid").endsWith("\n"), "a.pid is written");
  const pid = Number(text(daemon, "a.pid"));
  let found = await instance(daemon);
  while (found.pid !== pid) found = await instance(daemon);
  assertEquals([found.state, found.pid], ["running", pid]);
  // Another daemon takes over the same process.
  await daemon.run("daemon", "restart");
  found = await instance(daemon);
  assertEquals([found.state, found.pid], ["running", pid]);
  process.kill(pid, "SIGKILL");
  while (found.pid !== null) found = await instance(daemon);
  assertEquals(found.state, "crashed");
  await daemon.run("app", "start");
  assertEquals((await instance(daemon)).state, "running");
  await daemon.run("app", "stop");
  await until(() => isGone(Number(text(daemon, "a.pid"))), "the process of a.pid has ended");
});

Deno.test("a check that is a text for a shell goes on for an app that another daemon takes over", async () => {
  await using daemon = await started(
    '[apps.a]\ncommand = "touch ready; exec sleep 60"\n' +
      'health = { exec = "test -e ready && true", interval = "50ms", retries = 1 }\n',
  );
  await until(() => instance(daemon), "it is healthy", { passes: ({ state }) => state === "healthy" });
  await daemon.run("daemon", "restart");
  await Deno.remove(join(daemon.sandbox.project, "ready"));
  await until(() => instance(daemon), "it is unhealthy", { passes: ({ state }) => state === "unhealthy" });
  await Deno.writeTextFile(join(daemon.sandbox.project, "ready"), "");
  await until(() => instance(daemon), "it is healthy", { passes: ({ state }) => state === "healthy" });
});
