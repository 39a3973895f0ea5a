/**
 * What a daemon finds damaged under the state directory: it sets it aside, says so in its log, and work goes
 * on.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

const MANIFEST = `
[apps.web]
command = ["sh", "-c", "echo up; exec sleep 600"]
[apps.pair]
command = "sleep 600"
instances = 2
[tasks.hello]
run = ["echo", "hello"]
`;

type Damage = [name: string, damage: (path: string) => void];

const DAMAGES: Damage[] = [
  ["removed", (path) => rmSync(path)],
  ["emptied", (path) => truncateSync(path, 0)],
  ["cut in half", (path) => truncateSync(path, Math.floor(lstatSync(path).size / 2))],
  ["of random bytes", (path) => writeFileSync(path, new Uint8Array(20).map((_, at) => at * 37))],
  ["of another shape", (path) => writeFileSync(path, "null")],
  ["a directory", (path) => (rmSync(path), mkdirSync(path))],
  ["a link to nowhere", (path) => (rmSync(path), symlinkSync("/nowhere/at/all", path))],
];

async function project(): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(MANIFEST);
  await daemon.run("trust");
  return daemon;
}

function state(daemon: DaemonSandbox, ...path: string[]): string {
  return join(daemon.sandbox.haftHome, "state", ...path);
}

async function statuses(daemon: DaemonSandbox): Promise<AppStatus[]> {
  return JSON.parse((await daemon.run("app", "status", "--json")).stdout);
}

async function pids(daemon: DaemonSandbox): Promise<(number | null)[]> {
  return (await statuses(daemon)).flatMap(({ instances }) => instances.map(({ pid }) => pid));
}

async function killDaemon(daemon: DaemonSandbox): Promise<void> {
  const pid = await daemon.start();
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
}

/** Runs the task in the daemon, which keeps the history; `haft run` would run it in front. */
async function runTask(daemon: DaemonSandbox): Promise<{ code: number | null; stderr: string }> {
  const started = await daemon.run("task", "start", "hello", "--json");
  if (started.code !== 0) return started;
  return await daemon.run("task", "wait", JSON.parse(started.stdout).id);
}

for (const [name, damage] of DAMAGES) {
  Deno.test(`records of running apps that are ${name}: each is found by its mark and not started twice`, async () => {
    await using daemon = await project();
    await daemon.run("app", "up", "-d");
    const before = await pids(daemon);
    assertEquals(before.length, 3);
    await killDaemon(daemon);
    const directory = state(daemon, "apps");
    const records = readdirSync(directory).filter((file) => file.endsWith(".json"));
    assertEquals(records.length, 2);
    for (const file of records) damage(join(directory, file));
    assertEquals((await daemon.run("app", "up", "-d")).code, 0);
    assertEquals(await pids(daemon), before);
    const log = (await daemon.run("daemon", "logs")).stdout;
    assertMatch(log, /app "web" runs without a record of it \(process \d+\): taken over/);
    if (name !== "removed" && !name.startsWith("a link")) {
      assertEquals(log.match(/\.json" was damaged; it is kept as/g)?.length, 2);
      assertEquals(readdirSync(directory).filter((file) => file.includes(".json.damaged-")).length, 2);
    }
    assertEquals((await daemon.run("app", "stop")).code, 0);
    for (const pid of before) await untilGone(pid ?? 0);
  });

  Deno.test(`beside an app, what keeps its logs ${name}: the app is adopted, read, restarted and stopped`, async () => {
    await using daemon = await project();
    await daemon.run("app", "start", "web");
    const before = await pids(daemon);
    await killDaemon(daemon);
    const directory = state(daemon, "apps", "logs");
    for (const file of readdirSync(directory)) {
      // The log itself belongs to the app, which holds it open.
      if (!file.endsWith(".log")) damage(join(directory, file));
    }
    await daemon.start();
    assertEquals(await pids(daemon), before);
    assertEquals((await daemon.run("app", "restart", "web")).code, 0);
    const logs = await daemon.run("app", "logs", "web");
    assertEquals([logs.code, logs.stdout.includes("web | up")], [0, true], logs.stderr);
    assertEquals((await daemon.run("app", "stop")).code, 0);
  });

  Deno.test(`a history of tasks that is ${name}: tasks run, and are remembered from then on`, async () => {
    await using daemon = await project();
    for (let round = 0; round < 3; round++) {
      assertEquals((await runTask(daemon)).code, 0);
    }
    await daemon.run("daemon", "stop");
    const directory = state(daemon, "tasks");
    const history = readdirSync(directory).find((file) => file.endsWith("history.db")) ?? "";
    for (const file of readdirSync(directory)) {
      if (file.startsWith(`${history}-`)) rmSync(join(directory, file));
    }
    damage(join(directory, history));
    const { code, stderr } = await runTask(daemon);
    assertEquals(code, 0, stderr);
    assertEquals((await runTask(daemon)).code, 0);
    const { tasks } = await daemon.call("task.list");
    assert(Array.isArray(tasks) && tasks.length === 2);
    if (!["removed", "emptied", "a link to nowhere"].includes(name)) {
      assertStringIncludes(
        (await daemon.run("daemon", "logs")).stdout,
        'history.db" was damaged; it is kept as',
      );
    }
  });
}

Deno.test("a page of the history is damaged while the daemon runs: the next task sets it aside and runs", async () => {
  await using daemon = await project();
  for (let round = 0; round < 3; round++) await runTask(daemon);
  await daemon.run("daemon", "stop");
  const path = state(daemon, "tasks", "history.db");
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4_096);
  writeFileSync(path, bytes);
  const { code, stderr } = await runTask(daemon);
  assertEquals(code, 0, stderr);
  assertEquals((await daemon.run("task", "list")).code, 0);
  assert(readdirSync(state(daemon, "tasks")).some((file) => file.startsWith("history.db.damaged-")));
});

for (const umask of ["000", "077"]) {
  Deno.test(`with a umask of ${umask} nothing under the state directory is anybody else's to read or write`, async () => {
    await using daemon = await project();
    const { haft, sandbox } = daemon;
    const script = `umask ${umask}; exec "$@"`;
    const argv = ["sh", "-c", script, "sh", ...haft.argv];
    for (
      const args of [["app", "up", "-d"], ["task", "run", "hello"], ["app", "save"], [
        "app",
        "restart",
        "web",
      ]]
    ) {
      const { code, stderr } = await sandbox.run({ ...haft, argv }, { args });
      assertEquals(code, 0, stderr);
    }
    const open = readdirSync(state(daemon), { recursive: true, encoding: "utf8" }).filter((file) => {
      const stat = lstatSync(join(state(daemon), file));
      return !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0;
    });
    assertEquals(open, []);
  });
}
