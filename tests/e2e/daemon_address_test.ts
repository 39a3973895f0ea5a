import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

const runDirectory = (daemon: DaemonSandbox) => join(daemon.sandbox.root, "run");
const stateFile = async (daemon: DaemonSandbox, name: string) => {
  const { log } = await daemon.call("daemon.status") as { log: string };
  return join(log, "..", name);
};

/** The pid that `daemon status` shows, from any environment. */
async function pidOf(daemon: DaemonSandbox, env: Record<string, string> = {}): Promise<number> {
  const { code, stdout, stderr } = await daemon.sandbox.run(daemon.haft, {
    args: ["daemon", "status", "--json"],
    env,
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return JSON.parse(stdout).pid;
}

for (const lost of ["haft/daemon.sock", "haft", "."]) {
  Deno.test(`a daemon whose ${lost === "." ? "runtime directory" : lost} is removed listens anew, and says so`, async () => {
    await using daemon = await DaemonSandbox.create(binary);
    const pid = await daemon.start();
    const log = await stateFile(daemon, "daemon.log");
    rmSync(join(runDirectory(daemon), lost), { recursive: true, force: true });
    // At once, while the socket is not there, and never a second daemon.
    const { code, stdout } = await daemon.run("daemon", "start", "--json");
    assertEquals([code, JSON.parse(stdout).pid], [0, pid]);
    assertEquals(await pidOf(daemon), pid);
    assert(existsSync(daemon.socket));
    assertStringIncludes(readFileSync(log, "utf8"), `the socket "${daemon.socket}" was removed: listens at`);
  });
}

Deno.test("a daemon whose runtime directory cannot be made again goes on elsewhere, where commands find it", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  rmSync(runDirectory(daemon), { recursive: true });
  writeFileSync(runDirectory(daemon), "no directory");
  const tmp = { TMPDIR: join(daemon.sandbox.root, "home") };
  assertEquals(await pidOf(daemon, tmp), pid);
  const { code } = await daemon.run("daemon", "stop");
  assertEquals(code, 0);
  rmSync(runDirectory(daemon));
});

Deno.test("a command whose environment names another runtime directory finds the daemon that lives", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  const elsewhere = join(daemon.sandbox.root, "elsewhere");
  mkdirSync(elsewhere, { mode: 0o700 });
  const env = { XDG_RUNTIME_DIR: elsewhere };
  assertEquals(await pidOf(daemon, env), pid);
  const list = await daemon.sandbox.run(daemon.haft, { args: ["app", "list"], env });
  assertEquals([list.code, existsSync(join(elsewhere, "haft", "daemon.sock"))], [0, false]);
  const printed = await daemon.sandbox.run(daemon.haft, { args: ["ipc-send", "--print-socket"], env });
  assertEquals(printed.stdout, `${daemon.socket}\n`);
  const stopped = await daemon.sandbox.run(daemon.haft, { args: ["daemon", "stop"], env });
  assertMatch(stopped.stderr, new RegExp(`pid ${pid}, has stopped`));
});

Deno.test("daemon start --socket beside a running daemon is refused with where that one listens", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  const other = join(runDirectory(daemon), "haft", "other.sock");
  for (const args of [["daemon", "start", "--socket", other], ["daemon", "run", "--socket", other]]) {
    const { code, stderr } = await daemon.run(...args);
    assert(code !== 0);
    assertStringIncludes(stderr, `pid ${pid}`);
    assertStringIncludes(stderr, `"${daemon.socket}"`);
    assertEquals(existsSync(other), false);
  }
  for (const action of ["status", "stop"]) {
    const { code, stderr } = await daemon.run("daemon", action, "--socket", other);
    assertEquals(code, 3);
    assertStringIncludes(stderr, `listens at "${daemon.socket}"`);
  }
  assertEquals(await pidOf(daemon), pid);
});

Deno.test("a daemon takes its lock anew when the file is removed, and stays the only one", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  const lock = await stateFile(daemon, "daemon.lock");
  rmSync(lock);
  await until(() => existsSync(lock), `${lock} is there`);
  const other = join(runDirectory(daemon), "haft", "other.sock");
  const { code, stderr } = await daemon.run("daemon", "run", "--socket", other);
  assertEquals(code, 1);
  assertStringIncludes(stderr, `pid ${pid}`);
});

Deno.test("a lock or a record that is a directory is set aside, and the daemon starts", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const first = await daemon.start();
  const lock = await stateFile(daemon, "daemon.lock");
  const record = await stateFile(daemon, "daemon.json");
  assertEquals(JSON.parse(readFileSync(record, "utf8")), { pid: first, socket: daemon.socket });
  await daemon.run("daemon", "stop");
  assertEquals(existsSync(record), false);
  rmSync(lock);
  for (const path of [lock, record]) mkdirSync(path);
  const { code, stdout, stderr } = await daemon.run("daemon", "start", "--json");
  assertEquals(code, 0);
  assertStringIncludes(stderr, `"${lock}" was damaged`);
  const second = JSON.parse(stdout).pid;
  assertEquals(JSON.parse(readFileSync(record, "utf8")), { pid: second, socket: daemon.socket });
});
