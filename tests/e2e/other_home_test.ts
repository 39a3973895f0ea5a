import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, Sandbox } from "./support.ts";

Deno.test("a daemon of another HAFT_HOME is refused with both homes, and each can have its own", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  const { haftHome, root } = daemon.sandbox;
  const other = join(root, "other");
  const run = (args: string[], env: Record<string, string> = {}) =>
    daemon.sandbox.run(binary, { args, env: { HAFT_HOME: other, ...env } });

  const commands = [
    "app status",
    "app start web",
    "task list",
    "daemon start",
    "daemon restart",
  ];
  for (const line of commands) {
    const { code, stdout, stderr } = await run(line.split(" "));
    assertEquals([code, stdout], [3, ""], `${line}: ${stderr}`);
    assertStringIncludes(
      stderr,
      `The daemon at "${daemon.socket}", pid ${pid}, serves another home, "${haftHome}"; this command's is "${other}"`,
    );
    assertStringIncludes(stderr, `"haft daemon stop" ends it`);
  }
  assertEquals((await run(["ipc-send", "daemon.ping"])).code, 0, "messages alone have no home");
  const status = await run(["daemon", "status"]);
  assertEquals(status.code, 0);
  assertStringIncludes(status.stderr, `Warning: the daemon serves another home, "${haftHome}"`);
  const { home } = JSON.parse((await run(["daemon", "status", "--json"])).stdout);
  assertEquals(home.store, join(haftHome, "store"));
  const doctor = await run(["doctor"]);
  assertEquals(doctor.code, 1);
  assertStringIncludes(doctor.stdout, `✗ daemon: it serves another home, "${haftHome}"`);

  const [, own = ""] = /export HAFT_SOCKET=(\S+)/.exec(status.stderr) ?? [];
  assert(own !== "", status.stderr);
  const second = await run(["daemon", "start", "--json"], { HAFT_SOCKET: own });
  assertEquals(second.code, 0, second.stderr);
  assert(JSON.parse(second.stdout).pid !== pid);
  const listed = await run(["app", "list"], { HAFT_SOCKET: own });
  assertEquals(listed.code, 0, listed.stderr);
  assertEquals((await run(["daemon", "stop"], { HAFT_SOCKET: own })).code, 0);

  const stop = await run(["daemon", "stop"]);
  assertEquals(stop.code, 0, stop.stderr);
  assertStringIncludes(stop.stderr, `The daemon of another home, "${haftHome}", pid ${pid}, has stopped`);
});

Deno.test("another HOME with the same XDG_RUNTIME_DIR is another home, too", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const homes = ["one", "two"].map((name) => join(daemon.sandbox.root, name));
  for (const home of homes) mkdirSync(home);
  const run = (home: string, ...args: string[]) =>
    daemon.sandbox.run(binary, { args, env: { HOME: home, HAFT_HOME: "" } });
  const [one = "", two = ""] = homes;
  assertEquals((await run(one, "daemon", "start")).code, 0);
  assertEquals((await run(one, "task", "list")).code, 0);
  const { code, stderr } = await run(two, "task", "list");
  assertEquals(code, 3);
  assertMatch(stderr, /serves another home, ".*\/one\/.*"; this command's is ".*\/two\//);
  assertEquals((await run(one, "daemon", "stop")).code, 0);
});

const RELATIVE: [name: string, path: string][] = [
  ["HAFT_HOME", "hh"],
  ["HAFT_HOME", "~/haft"],
  ["HOME", "rel"],
  ["HOME", "."],
];

for (const [name, path] of RELATIVE) {
  Deno.test(`${name}=${path} is refused, with the absolute path that it may mean`, async () => {
    await using sandbox = await Sandbox.create();
    for (const args of [["ls"], ["exec", "node"], ["activate", "bash"], ["sync"]]) {
      const { code, stdout, stderr } = await sandbox.run(binary, { args, env: { [name]: path } });
      assertEquals([code, stdout], [2, ""], stderr);
      assertStringIncludes(stderr, `${name} is a relative path, "${path}"`);
      assertStringIncludes(stderr, `export ${name}='/`);
    }
  });
}

Deno.test("daemons of two homes leave each other's apps of one project alone", async () => {
  await using one = await DaemonSandbox.create(binary);
  await using two = await DaemonSandbox.create(binary);
  one.sandbox.manifest('[apps.web]\ncommand = "setsid sleep 600 & sleep 601"\n');
  const { project } = one.sandbox;
  const inProject = (daemon: DaemonSandbox, ...args: string[]) =>
    daemon.sandbox.run(binary, { args, cwd: project });
  for (const daemon of [one, two]) {
    await inProject(daemon, "trust");
    const { code, stderr } = await inProject(daemon, "app", "start", "web");
    assertEquals(code, 0, stderr);
  }
  const before = await inProject(two, "app", "status", "web", "--json");
  assertEquals((await inProject(one, "app", "restart", "web")).code, 0);
  assertEquals((await inProject(one, "app", "stop", "web")).code, 0);
  const after = await inProject(two, "app", "status", "web", "--json");
  const facts = (text: string) =>
    JSON.parse(text).map((app: Record<string, unknown>) => [app.pid, app.restarts]);
  assertEquals(facts(after.stdout), facts(before.stdout));
  assertEquals((await inProject(two, "app", "stop", "web")).code, 0);
});
