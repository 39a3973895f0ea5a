/** When `haft app up` ends, with what exit code, and what it says until then. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until } from "../support/until.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

async function project(manifest: string): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

function product<A, B>(some: readonly A[], others: readonly B[]): [A, B][] {
  return some.flatMap((one) => others.map((other): [A, B] => [one, other]));
}

function sh(script: string): string {
  return `command = ["sh", "-c", ${JSON.stringify(script)}]\nrestart = "no"\n`;
}

Deno.test("app up ends when nothing is left to run: 0 when all went well, else the first failed app's code", async () => {
  const rows: [string, number][] = [
    [`[apps.a]\n${sh("echo a")}[apps.b]\n${sh("sleep 0.2; echo b")}`, 0],
    [`[apps.a]\n${sh("sleep 0.1; exit 7")}[apps.b]\n${sh("sleep 0.6; exit 9")}`, 7],
    [`[apps.a]\n${sh("kill -SEGV $$")}`, 139],
    [`[apps.a]\ncommand = "no-such-command"\n`, 1],
    [`[apps.a]\n${sh("exit 4")}[apps.b]\n${sh("echo b")}depends_on = { a = "completed" }\n`, 4],
    [
      `[apps.a]\ncommand = ["sh", "-c", "exit 5"]\nrestart = "on-failure"\nbackoff = { initial = "10ms", max_attempts = 2 }\n`,
      5,
    ],
  ];
  for (const [manifest, expected] of rows) {
    await using daemon = await project(manifest);
    const { code, stdout, stderr } = await daemon.run("app", "up");
    assertEquals(code, expected, `${manifest}\n${stdout}\n${stderr}`);
  }
});

Deno.test("app up --exit-on ends with that app, stops the others, and has its exit code", async () => {
  await using daemon = await project(
    `[apps.web]\ncommand = "sleep 600"\n[apps.test]\n${sh("sleep 0.2; exit 3")}[apps.other]\n${sh("exit 8")}`,
  );
  const { code, stderr } = await daemon.run("app", "up", "--exit-on", "test");
  assertEquals(code, 3, stderr);
  assertStringIncludes(stderr, "test has ended; stopping the others");
  const { stdout } = await daemon.run("app", "status", "web", "--json");
  assertEquals(JSON.parse(stdout)[0].state, "stopped");
  const unknown = await daemon.run("app", "up", "web", "--exit-on", "tset");
  assertEquals(unknown.code, 2, unknown.stderr);
  assertStringIncludes(unknown.stderr, '--exit-on names "tset"');
  assertStringIncludes(unknown.stderr, "test");
  const profile = await daemon.run("app", "up", "--profile", "nosuch");
  assertEquals([profile.code, profile.stdout], [2, ""]);
  assertStringIncludes(profile.stderr, 'has the profile "nosuch"');
  assertEquals((await daemon.run("app", "up", "-d", "--exit-on", "test")).code, 2);
});

Deno.test("app up --abort-on-failure ends with the first failure, not with a good end", async () => {
  await using daemon = await project(
    `[apps.web]\ncommand = "sleep 600"\n[apps.setup]\n${sh("exit 0")}[apps.bad]\n${sh("sleep 0.3; exit 6")}`,
  );
  const { code, stderr } = await daemon.run("app", "up", "--abort-on-failure");
  assertEquals(code, 6, stderr);
  assertStringIncludes(stderr, "bad has ended; stopping the others");
});

Deno.test("app up -d says what it waits for", async () => {
  await using daemon = await project(
    `[apps.web]\ncommand = "sleep 600"\ndepends_on = { db = "healthy" }
[apps.db]\ncommand = ["sh", "-c", "sleep 3; echo ready; exec sleep 600"]\nhealth = { log_line = "ready" }\n`,
  );
  const { code, stdout, stderr } = await daemon.run("app", "up", "-d");
  assertEquals([code, stdout], [0, "db: healthy\nweb: running\n"], stderr);
  assertMatch(stderr, /^web waits for db \(healthy\)$/m);
  assertMatch(stderr, /^db is running, and not healthy yet/m);
});

Deno.test("app up -d fails when a dependency is unhealthy, has ended, or an app keeps crashing", async () => {
  const rows: [string, RegExp][] = [
    [
      `[apps.web]\ncommand = "sleep 600"\ndepends_on = { db = "healthy" }\n[apps.db]\ncommand = "sleep 600"\n` +
      `health = { exec = "false", interval = "50ms", retries = 2 }\n`,
      /web: It depends on "db", which is unhealthy \(false exited with code 1\) and not healthy[^]*start_period/,
    ],
    [
      `[apps.web]\ncommand = "sleep 600"\ndepends_on = { db = "healthy" }\n[apps.db]\n${sh("exit 0")}` +
      `health = { log_line = "never" }\n`,
      /web: It depends on "db", which is stopped/,
    ],
    [
      `[apps.web]\ncommand = "sleep 600"\nhealth = { exec = "false", interval = "50ms", retries = 2 }\n`,
      /web: It is unhealthy: false exited with code 1/,
    ],
    [
      `[apps.web]\ncommand = "false"\nhealth = { log_line = "never" }\nbackoff = { initial = "20s" }\n`,
      /web: It waits to restart: exited with code 1/,
    ],
  ];
  for (const [manifest, message] of rows) {
    await using daemon = await project(manifest);
    const { code, stderr } = await daemon.run("app", "up", "-d");
    assertEquals(code, 1, stderr);
    assertMatch(stderr, message);
  }
});

/** Ends a daemon so that another one takes its place without a word of the test's. */
const ENDINGS: Record<string, (daemon: DaemonSandbox) => Promise<unknown>> = {
  "is restarted": (daemon) => daemon.run("daemon", "restart"),
  async "is killed"(daemon) {
    const { pid } = JSON.parse((await daemon.run("daemon", "status", "--json")).stdout);
    process.kill(pid, "SIGKILL");
    await untilGone(pid);
  },
};

for (const [verb, ending] of product([["up"], ["logs", "-f"]], Object.keys(ENDINGS))) {
  Deno.test(`app ${verb.join(" ")} goes on, without losing a line, when the daemon ${ending} under it`, async () => {
    await using daemon = await project(
      `[apps.web]\ncommand = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done"]\n`,
    );
    await daemon.run("app", "up", "-d");
    let restarted: Promise<unknown> | undefined;
    let from = Infinity;
    let interrupted = false;
    const { code, stdout, stderr } = await daemon.sandbox.run(binary, {
      args: ["app", ...verb],
      ownGroup: true,
      onOutput: ({ pid, stdout }) => {
        const lines = [...stdout.matchAll(/line (\d+)$/gm)].map(([, number]) => Number(number));
        if (lines.length >= 5) restarted ??= ENDINGS[ending]?.(daemon).then(() => from = lines.length);
        if (lines.length <= from + 60 || interrupted) return;
        interrupted = true;
        process.kill(pid, "SIGINT");
      },
    });
    await restarted;
    assertEquals(code, 130, stderr);
    assertStringIncludes(stderr, "The daemon ended; waiting for another one");
    const numbers = [...stdout.matchAll(/line (\d+)$/gm)].map(([, number]) => Number(number));
    assertEquals(numbers, numbers.map((_, at) => (numbers[0] ?? 0) + at));
  });
}

Deno.test("app up whose daemon ended for good says that the apps go on, and how to come back; to Ctrl-C as well", async () => {
  await using daemon = await project(`[apps.web]\ncommand = ["sh", "-c", "echo up; exec sleep 600"]\n`);
  const runUp = async (interrupt: boolean) => {
    const pid = await daemon.start();
    let [killed, interrupted] = [false, false];
    const result = await daemon.sandbox.run(binary, {
      args: ["app", "up"],
      ownGroup: true,
      onOutput: ({ pid: own, stdout, stderr }) => {
        if (!killed && stdout.includes("web | up")) {
          killed = true;
          // As one that a person stopped: it is not started again.
          rmSync(join(daemon.sandbox.haftHome, "state", "daemon.json"));
          process.kill(pid, "SIGKILL");
        }
        if (!interrupt || interrupted || !stderr.includes("The daemon ended")) return;
        interrupted = true;
        process.kill(own, "SIGINT");
      },
    });
    await untilGone(pid);
    return result;
  };
  const interrupted = await runUp(true);
  assertEquals(interrupted.code, 130);
  assertMatch(interrupted.stderr, /What it started goes on\. Run "haft app up" to come back/);
  await daemon.run("app", "stop");
  const waited = await runUp(false);
  assertEquals(waited.code, 3, waited.stderr);
  assertMatch(waited.stderr, /The daemon ended.*\n +What it started goes on.*Run "haft app up" to come back/);
  const { stdout } = await daemon.run("app", "status", "--json");
  assert(JSON.parse(stdout)[0].state === "running");
});

Deno.test("app up X and Ctrl-C stop X and the dependencies that it started, and leave what ran before", async () => {
  await using daemon = await project(
    `[apps.web]\ncommand = "sleep 600"\ndepends_on = ["db", "queue"]
[apps.db]\ncommand = "sleep 600"\n[apps.queue]\ncommand = "sleep 600"\n`,
  );
  assertEquals((await daemon.run("app", "start", "queue")).code, 0);
  let interrupted = false;
  const { code } = await daemon.sandbox.run(binary, {
    args: ["app", "up", "web"],
    ownGroup: true,
    onOutput: ({ pid, stderr }) => {
      if (interrupted || !stderr.includes("web is running")) return;
      interrupted = true;
      process.kill(pid, "SIGINT");
    },
  });
  assertEquals(code, 130);
  const { stdout } = await daemon.run("app", "status", "--json");
  const states = JSON.parse(stdout).map(({ name, state }: { name: string; state: string }) => [name, state]);
  assertEquals(states, [["web", "stopped"], ["db", "stopped"], ["queue", "running"]]);
});

Deno.test("app start without names leaves apps with autostart = false alone", async () => {
  await using daemon = await project(
    `[apps.web]\ncommand = "sleep 600"\n[apps.debug]\ncommand = "sleep 600"\nautostart = false\n`,
  );
  const { code, stdout } = await daemon.run("app", "start");
  assertEquals(code, 0);
  assertMatch(stdout, /^web: running/);
  assertEquals(stdout.includes("debug"), false);
  assertMatch((await daemon.run("app", "start", "debug")).stdout, /^debug: running/);
});

Deno.test("the count of restarts goes on when a daemon was killed while an app waited to restart", async () => {
  await using daemon = await project(
    `[apps.bad]\ncommand = "exit 3"\nrestart = "always"\nbackoff = { initial = "300s", jitter = 0 }\n`,
  );
  const restarts = async () => {
    const { apps } = await daemon.call("app.status", { root: daemon.sandbox.project, names: ["bad"] }) as {
      apps: { state: string; instances: { restarts: number }[] }[];
    };
    return apps[0]?.state === "backoff" ? apps[0].instances[0]?.restarts : undefined;
  };
  await daemon.run("app", "start", "bad");
  await until(restarts, "it is restarted once", { passes: (count) => count === 1 });
  const pid = await daemon.start();
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  await daemon.start();
  await until(restarts, "it is restarted twice", { passes: (count) => count === 2 });
});
