/** Which apps a command means: the project's, those of every project, and those that a schedule begins. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

Deno.test('"all" is the project\'s where one is; --every-project is all, and what was stopped stays so', async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  const other = join(sandbox.root, "other");
  mkdirSync(other);
  const sleeper = (name: string) => `[apps.${name}]\ncommand = "exec sleep 600"\n`;
  sandbox.manifest(sleeper("web") + sleeper("idle"));
  writeFileSync(join(other, "haft.toml"), sleeper("web"));
  const run = (cwd: string, ...args: string[]) => sandbox.run(binary, { args, cwd });
  for (const cwd of [sandbox.project, other]) {
    await run(cwd, "trust");
    assertEquals((await run(cwd, "app", "up", "-d")).code, 0);
  }
  await run(sandbox.project, "app", "stop", "idle");
  const pids = async () => {
    const apps: AppStatus[] = JSON.parse(
      (await run(sandbox.project, "app", "status", "--every-project", "--json")).stdout,
    );
    return new Map(apps.map(({ name, root, instances }) => [
      `${name} ${root === other ? "there" : "here"}`,
      instances[0]?.pid,
    ]));
  };
  const before = await pids();
  assertEquals(before.get("idle here"), null);

  const restarted = await run(sandbox.project, "app", "restart", "all");
  assertEquals(restarted.code, 0);
  const here = await pids();
  assertEquals(restarted.stdout, `web: running, pid ${here.get("web here")}\n`);
  assertEquals(here.get("web there"), before.get("web there"));
  assertEquals(here.get("web here") === before.get("web here"), false);
  assertEquals(here.get("idle here"), null);

  await run(other, "app", "restart", "--every-project");
  const everywhere = await pids();
  assertEquals(everywhere.get("web there") === here.get("web there"), false);
  assertEquals(everywhere.get("web here") === here.get("web here"), false);
  assertEquals(everywhere.get("idle here"), null);

  const named = await run(sandbox.root, "app", "restart", "idle", "--every-project");
  assertEquals(named.code, 0, named.stderr);
  assertStringIncludes(named.stdout, `idle (${sandbox.project}): running, pid `);
  for (const verb of ["stop", "restart", "reload", "delete"]) {
    const outside = await run(sandbox.root, "app", verb, "all");
    assertEquals(outside.code, 2, verb);
    assertStringIncludes(outside.stderr, "write --every-project");
  }
  assertEquals((await run(sandbox.root, "app", "stop", "--every-project")).code, 0);
  assertEquals([...(await pids()).values()], [null, null, null]);
  const none = await run(other, "app", "restart");
  assertEquals([none.code, none.stderr.split("\n")[0]], [0, "No app runs"]);
});

Deno.test("up begins an app that its schedule restarts, and one that says so; the others wait for their time", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const yearly = 'command = "exec sleep 600"\nschedule = "0 0 1 1 *"\n';
  daemon.sandbox.manifest(
    `[apps.restarted]\n${yearly}schedule_action = "restart"\n[apps.now]\n${yearly}autostart = true\n` +
      `[apps.later]\n${yearly}[apps.never]\n${yearly}autostart = false\n`,
  );
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "up", "-d")).code, 0);
  const apps: AppStatus[] = JSON.parse((await daemon.run("app", "status", "--json")).stdout);
  assertEquals(
    apps.map(({ name, state, next_run: next }) => [name, state, next !== null]),
    [["restarted", "running", true], ["now", "running", true], ["later", "stopped", true], [
      "never",
      "stopped",
      false,
    ]],
  );
});

Deno.test("apps of a project that was removed are shown as such, and stopped by name", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  const gone = join(sandbox.root, "gone");
  mkdirSync(gone);
  writeFileSync(join(gone, "haft.toml"), '[apps.web]\ncommand = "exec sleep 600"\n');
  sandbox.manifest('[apps.web]\ncommand = "exec sleep 600"\n[apps.db]\ncommand = "exec sleep 600"\n');
  for (const cwd of [gone, sandbox.project]) {
    await sandbox.run(binary, { args: ["trust"], cwd });
    assertEquals((await sandbox.run(binary, { args: ["app", "up", "-d"], cwd })).code, 0);
  }
  renameSync(gone, join(sandbox.root, "moved"));
  const doctor = JSON.parse((await daemon.run("doctor", "--json")).stdout) as Record<string, string>[];
  assertEquals(doctor.filter(({ check }) => check === "apps"), [{
    check: "apps",
    state: "note",
    detail: `"web" runs, and its project ${gone} is gone`,
    fix: 'Run "haft app stop web --every-project", which stops every project\'s "web"',
  }]);
  const status = await daemon.run("app", "status", "--every-project");
  assertMatch(status.stdout, new RegExp(`^web .*${gone}, which is gone$`, "m"));
  assertMatch(status.stdout, new RegExp(`^web .*${sandbox.project}$`, "m"));
  assertStringIncludes(status.stderr, '"haft app stop web --every-project" stops what runs');
  assertEquals((await daemon.run("app", "stop", "db")).stdout, "db: stopped\n");
  const stopped = await daemon.run("app", "stop", "web", "--every-project");
  assertEquals(stopped.code, 0, stopped.stderr);
  assertEquals(stopped.stdout.trimEnd().split("\n").sort(), [
    `web (${gone}): stopped`,
    `web (${sandbox.project}): stopped`,
  ]);
  const unknown = await daemon.run("app", "stop", "wbe", "--every-project");
  assertEquals(unknown.code, 4);
  assertStringIncludes(unknown.stderr, 'Did you mean "web"?');
});

Deno.test("where no haft.toml is, commands about its apps say so, as sync does", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  for (const verb of ["up", "start", "logs", "stop", "down", "restart", "reload", "delete"]) {
    const { code, stderr } = await daemon.run("app", verb);
    assertEquals([code, stderr.includes("No haft.toml in")], [1, true], stderr);
  }
});

Deno.test("while haft.toml cannot be read, what runs is seen and stopped, and the mistake is a warning", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  const sound = '[apps.web]\ncommand = "echo begun; exec sleep 600"\n[tasks]\nt = "true"\n';
  sandbox.manifest(sound);
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "start")).code, 0);
  await daemon.run("run", "t");
  sandbox.manifest(`${sound}[tools\n`);
  const below = join(sandbox.project, "below");
  mkdirSync(below);
  const rows: [args: string[], said: RegExp][] = [
    [["app", "status"], /^web +running/m],
    [["app", "status", "web"], /^web +running/m],
    [["app", "status", "all"], /^web +running/m],
    [["app", "list"], /^web$/m],
    [["app", "logs"], /begun/],
    [["task", "list"], / t +completed/],
    [["trust", "--list"], /haft\.toml/],
    [["config"], /settings\.jobs/],
    [["info", "esbuild", "--offline"], /esbuild/],
    [["app", "stop", "web"], /^web: stopped/],
    [["app", "stop"], /^web: stopped/],
    [["app", "down"], /^web: stopped/],
    [["app", "delete", "web"], /^web: deleted/],
  ];
  for (const [index, [args, said]] of rows.entries()) {
    const cwd = index % 2 === 0 ? below : sandbox.project;
    const { code, stdout, stderr } = await sandbox.run(binary, { args, cwd });
    assertEquals([args, code], [args, 0], stderr);
    assertMatch(stdout, said);
    assertMatch(stderr, /^Warning: Cannot read manifest: .*haft\.toml:5:/, args.join(" "));
    assertEquals(stderr.split("Warning").length, 2, stderr);
  }
  const start = await daemon.run("app", "start");
  assertEquals(start.code, 2, start.stderr);
  const nothing = await daemon.run("app", "status");
  assertEquals([nothing.code, nothing.stdout], [2, ""]);
  assertMatch(nothing.stderr, /haft\.toml:5:/);
  for (const verb of ["stop", "down", "delete"]) {
    const { code, stdout, stderr } = await daemon.run("app", verb);
    assertEquals([code, stderr.split("haft.toml:5:").length], [0, 2], stderr);
    assertMatch(stdout + stderr, /Nothing to do: no app of this project was started/);
  }
});

Deno.test("stop, down and delete of apps that were never started say so, and not that there are none", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest('[apps.web]\ncommand = "sleep 600"\nprofiles = ["dev"]\n');
  await daemon.run("trust");
  const rows: [args: string[], said: RegExp][] = [
    [["stop"], /^Nothing to do: no app of this project was started\n/],
    [["stop", "web"], /^Nothing to do: web was not started\n/],
    [["down"], /no app of this project was started/],
    [["delete", "web"], /web was not started/],
    [["start"], /^No app of this project starts by itself\n.*haft app up --profile dev/],
    [["up", "-d"], /^No app of this project starts by itself\n.*haft app up --profile dev/],
  ];
  for (const [args, said] of rows) {
    const { code, stderr } = await daemon.run("app", ...args);
    assertEquals([args, code], [args, 0]);
    assertMatch(stderr, said);
  }
  daemon.sandbox.manifest("");
  assertMatch((await daemon.run("app", "stop")).stderr, /^This project has no apps\n/);
});

Deno.test("app status --every-project says whose the apps are, also where they are all of one other project", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { sandbox } = daemon;
  sandbox.manifest('[apps.web]\ncommand = "exec sleep 600"\n');
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "start")).code, 0);
  const moved = join(sandbox.root, "moved");
  renameSync(sandbox.project, moved);
  const { stdout, stderr } = await sandbox.run(binary, {
    args: ["app", "status", "--every-project"],
    cwd: moved,
  });
  renameSync(moved, sandbox.project);
  assertMatch(stdout, /^web +running.*project, which is gone$/m);
  assertMatch(stderr, /the project of web is gone/);
});
