import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary, everyHaft, isGone } from "./support.ts";

const MANIFEST = `
[apps.web]
command = ["sh", "-c", "echo ready; exec sleep 600"]
health = { log_line = "ready", interval = "50ms" }

[apps.worker]
command = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.1; done"]
depends_on = { web = "healthy" }

[apps.later]
command = "sleep 600"
autostart = false
`;

async function project(haft = binary, manifest = MANIFEST): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(haft);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

async function statusOf(daemon: DaemonSandbox, name: string): Promise<AppStatus> {
  const { stdout } = await daemon.run("app", "status", name, "--json");
  const [app] = JSON.parse(stdout) as AppStatus[];
  if (app === undefined) throw new Error(`no app ${name}`);
  return app;
}

async function pidOf(daemon: DaemonSandbox, name: string): Promise<number> {
  const { instances: [instance] } = await statusOf(daemon, name);
  return instance?.pid ?? -1;
}

for (const haft of everyHaft) {
  Deno.test(`${haft.name}: app up starts a project's apps in order; status, logs, restart, stop and down do what they say`, async () => {
    await using daemon = await project(haft);
    const up = await daemon.run("app", "up", "-d");
    assertEquals([up.code, up.stdout], [0, "web: healthy\nworker: running\n"]);
    const before = await pidOf(daemon, "worker");
    assertEquals((await daemon.run("app", "restart", "worker")).code, 0);
    const after = await pidOf(daemon, "worker");
    assert(after > 0 && after !== before);
    assertEquals((await statusOf(daemon, "later")).state, "stopped");
    assertMatch((await daemon.run("app", "start", "later")).stdout, /^later: running, pid \d+\n$/);
    assertEquals((await daemon.run("app", "stop", "later")).stdout, "later: stopped\n");
    assertMatch((await daemon.run("app", "logs", "-n", "1", "web")).stdout, /^web \| ready\n$/);
    assertEquals((await daemon.run("app", "down")).code, 0);
    await untilGone(after);
  });
}

Deno.test("an app with a command of its own needs no manifest, and nothing of an untrusted one is run", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { stdout } = await daemon.run("app", "start", "tunnel", "--", "sleep", "600");
  assertMatch(stdout, /^tunnel: running, pid \d+\n$/);
  assertEquals((await daemon.run("app", "list")).stdout, "tunnel\n");
  const pid = await pidOf(daemon, "tunnel");
  assertEquals((await daemon.run("app", "delete", "tunnel")).stdout, "tunnel: deleted\n");
  await untilGone(pid);
  daemon.sandbox.manifest(MANIFEST);
  const untrusted = await daemon.run("app", "start", "web");
  assertEquals(untrusted.code, 1);
  assertStringIncludes(untrusted.stderr, "is not trusted, and its [apps] can run code");
  for (const verb of [["restart", "web"], ["reload", "web"], ["scale", "web=2"]]) {
    const { code, stderr } = await daemon.run("app", ...verb);
    assertEquals(code, 1);
    assertMatch(stderr, /^web: .* is not trusted, .*\n {2}.*"haft trust"/, verb.join(" "));
  }
  writeFileSync(join(daemon.sandbox.project, "server.js"), "");
  writeFileSync(join(daemon.sandbox.project, "Procfile"), "");
  assertStringIncludes((await daemon.run("app", "start", "server.js")).stderr, "NAME -- node server.js");
  assertStringIncludes((await daemon.run("app", "start", "Procfile")).stderr, '"haft app import Procfile"');
});

Deno.test("an app finds the variables of its env_file: later files over earlier ones, env over all", async () => {
  await using daemon = await project(
    binary,
    `[apps.web]\ncommand = ["sh", "-c", 'echo "$A|$B|$C|$D"; exec sleep 600']\nenv_file = [".env", "more.env"]\n` +
      'env = { C = "table" }\nhealth = { log_line = "table", interval = "50ms" }\n',
  );
  writeFileSync(
    join(daemon.sandbox.project, ".env"),
    "A=one\nB='two words' # why\nC=file\nexport D=\"x\\ny\"\n",
  );
  writeFileSync(join(daemon.sandbox.project, "more.env"), "A=later\n");
  const up = await daemon.run("app", "up", "-d");
  assertEquals([up.code, up.stdout], [0, "web: healthy\n"], up.stderr);
  assertEquals(
    (await daemon.run("app", "logs", "-n", "2", "web")).stdout,
    "web | later|two words|table|x\nweb | y\n",
  );
});

Deno.test("an app has its starter's environment, after a crash too, and a new one with each start and restart", async () => {
  await using daemon = await project(
    binary,
    `[apps.web]\ncommand = 'echo "got $FOO"; exec sleep 600'\nbackoff = { initial = "10ms" }\nrestart = "always"\n`,
  );
  await daemon.start();
  const run = (foo: string, ...args: string[]) => daemon.sandbox.run(binary, { args, env: { FOO: foo } });
  const printed = async () => (await daemon.run("app", "logs", "web")).stdout.trim().split("\n");
  await run("secret-one", "app", "start", "web");
  const pid = await pidOf(daemon, "web");
  process.kill(pid, "SIGKILL");
  await until(() => pidOf(daemon, "web"), "web has another pid", {
    passes: (now) => ![pid, -1].includes(now),
  });
  await until(printed, "two lines are printed", { passes: ({ length }) => length >= 2 });
  await run("two", "app", "restart", "web");
  await until(printed, "three lines are printed", { passes: ({ length }) => length >= 3 });
  assertEquals(await printed(), ["web | got secret-one", "web | got secret-one", "web | got two"]);
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `grep -rl secret-one "$HAFT_HOME" | grep -v /logs/; true`,
  );
  assertEquals(stdout, "");
});

for (const [signal, what] of [["SIGINT", "Ctrl-C stops"], ["SIGHUP", "a closed terminal stops"]] as const) {
  Deno.test(`app up in front shows what the apps write, and ${what} them all`, async () => {
    await using daemon = await project();
    let interrupted = false;
    const { code, stdout } = await daemon.sandbox.run(binary, {
      args: ["app", "up"],
      ownGroup: true,
      onOutput: ({ pid, stdout }) => {
        if (interrupted || !stdout.includes("worker | line 2")) return;
        interrupted = true;
        process.kill(pid, signal);
      },
    });
    assertEquals(code, signal === "SIGINT" ? 130 : 129);
    assertMatch(stdout, /^web +\| ready$/m);
    assertEquals((await statusOf(daemon, "worker")).state, "stopped");
  });
}

Deno.test("app up whose reader has gone stops the apps, and ends as SIGPIPE would end it", async () => {
  await using daemon = await project();
  const { stderr } = await daemon.sandbox.shell(binary, '(haft app up; echo "ended $?" >&2) | head -n 2');
  assertStringIncludes(stderr, "ended 141");
  assertEquals((await statusOf(daemon, "worker")).state, "stopped");
});

Deno.test("apps outlive a daemon that is killed: the next one adopts them and goes on with restarts and logs", async () => {
  await using daemon = await project();
  await daemon.run("app", "up", "-d");
  const { pid: daemonPid } = await daemon.call("daemon.status") as { pid: number };
  const [web, worker] = [await pidOf(daemon, "web"), await pidOf(daemon, "worker")];
  process.kill(daemonPid, "SIGKILL");
  await untilGone(daemonPid);
  assertEquals([isGone(web), isGone(worker)], [false, false]);
  assertEquals([await pidOf(daemon, "web"), await pidOf(daemon, "worker")], [web, worker]);
  const lines = async () =>
    (await daemon.run("app", "logs", "-n", "10000", "worker")).stdout.split("\n").length;
  const known = await lines();
  await until(lines, `there are more than ${known} lines`, { passes: (count) => count > known });
  // Adopted, it is still restarted when it fails.
  process.kill(worker, "SIGKILL");
  await until(() => pidOf(daemon, "worker"), "the worker has another pid", {
    passes: (pid) => ![worker, -1].includes(pid),
  });
});

Deno.test("daemon stop stops the apps, and with --keep-apps leaves them to the next daemon", async () => {
  await using daemon = await project();
  await daemon.run("app", "up", "-d");
  const web = await pidOf(daemon, "web");
  await daemon.run("daemon", "stop", "--keep-apps");
  assertEquals(isGone(web), false);
  assertEquals(await pidOf(daemon, "web"), web);
  await daemon.run("daemon", "restart");
  assertEquals(await pidOf(daemon, "web"), web);
  await daemon.run("daemon", "stop");
  await untilGone(web);
});

Deno.test("a subscription to apps begins with how they are, and one to other events does not", async () => {
  await using daemon = await project();
  await daemon.run("app", "up", "-d");
  const snapshot = async (types: string[]) =>
    (await daemon.call("events.subscribe", { types }))["snapshot"] as { apps?: AppStatus[] };
  const { apps = [] } = await snapshot(["app.*"]);
  assertEquals(apps.map(({ name, state }) => [name, state]).slice(0, 2), [["web", "healthy"], [
    "worker",
    "running",
  ]]);
  assertEquals((await snapshot(["user.*"])).apps, undefined);
});

Deno.test("app logs -n 10000 prints as many lines, and a plain request says how many did not fit into its answer", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest('[apps.many]\ncommand = "seq 20000; exec sleep 600"\n');
  await daemon.run("trust");
  await daemon.run("app", "start");
  for (;;) {
    if ((await daemon.run("app", "logs", "-n", "1")).stdout.includes("20000")) break;
  }
  const { stdout, stderr } = await daemon.run("app", "logs", "-n", "10000");
  assertEquals(stderr, "");
  const printed = stdout.trim().split("\n").map((line) => Number(line.split("|")[1]));
  assertEquals(printed, Array.from({ length: 10_000 }, (_, n) => 10_001 + n));
  const { lines, omitted } = await daemon.call("app.logs", { lines: 10_000 }) as {
    lines: { line: string }[];
    omitted: number;
  };
  assertEquals([lines.length + omitted, lines.at(-1)?.line], [10_000, "20000"]);
});

Deno.test("app logs -f streams new lines of the apps that were named, and --grep keeps those that match", async () => {
  await using daemon = await project();
  await daemon.run("app", "up", "-d");
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `haft app logs -f -n 0 --grep 'line [0-9]*[02468]$' worker web | head -3`,
  );
  const numbers = stdout.trim().split("\n").map((line) => Number(/^worker \| line (\d+)$/.exec(line)?.[1]));
  assertEquals(numbers.length, 3);
  assert(numbers.every((number) => number % 2 === 0), stdout);
});

Deno.test("what is wrong is said with the next step: an unknown name, a command that cannot be run, a circle", async () => {
  await using daemon = await project();
  assertStringIncludes((await daemon.run("app", "start", "wbe")).stderr, 'App "wbe" not found');
  const missing = await daemon.run("app", "start", "x", "--", "no-such-program");
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, 'x: Cannot run "no-such-program": ENOENT');
  daemon.sandbox.manifest(
    '[apps.a]\ncommand = "x"\ndepends_on = { b = "started" }\n[apps.b]\ncommand = "x"\ndepends_on = { a = "started" }\n',
  );
  await daemon.run("trust");
  assertStringIncludes((await daemon.run("app", "up", "-d")).stderr, "in a circle: a → b → a");
  assertEquals((await daemon.run("app", "top")).code, 2);
  await using other = await DaemonSandbox.create(binary);
  other.sandbox.manifest('[apps.web]\ncommand = "x"\nresart = "no"\n');
  const typo = await other.run("app", "status");
  assertEquals(typo.code, 4);
  assertStringIncludes(typo.stderr, 'key "apps.web.resart" is not known');
});

Deno.test("an app that could never be started is not said to have changed, and a name that is nearly one is corrected", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(
    '[apps.web]\ncommand = "sleep 1000"\n[apps.bad]\ncommand = "no-such-command"\nrestart = "no"\n',
  );
  await daemon.run("trust");
  await daemon.run("app", "up", "-d");
  const { pid } = await daemon.call("daemon.status") as { pid: number };
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  const { stdout, stderr } = await daemon.run("app", "status");
  // In the manifest's order, whoever knows them.
  assertMatch(stdout, /^web +running[^]*^bad /m);
  assertEquals(`${stdout}${stderr}`.includes("older"), false);
  assertMatch(
    (await daemon.run("app", "restart", "wbe")).stderr,
    /App "wbe" not found.*\n +Did you mean "web"\?/,
  );
});
