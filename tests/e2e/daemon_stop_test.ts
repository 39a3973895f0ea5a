/** What commands say whose daemon stops or dies while they wait for its answer. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until } from "../support/until.ts";
import type { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";
import { project, start } from "./task_sandbox.ts";

const MANIFEST = `[apps.slow]
command = "sleep 1000"
health = { exec = ["false"], interval = "1s", start_period = "10m" }
[apps.dep]
command = "sleep 1000"
depends_on = { slow = "healthy" }
`;

async function untilWaiting(daemon: DaemonSandbox): Promise<void> {
  await until(async () => {
    const { apps } = await daemon.call("app.status", { cwd: daemon.sandbox.project }) as {
      apps: { name: string; instances: { state: string; reason: string | null }[] }[];
    };
    const dep = apps.find(({ name }) => name === "dep");
    return dep?.instances[0]?.reason?.startsWith("waits for slow") === true;
  }, "dep waits for slow");
}

Deno.test("a daemon that stops does not wait for apps that wait for others, and tells who waits for them", async () => {
  await using daemon = await project(binary, MANIFEST);
  for (
    const [stop, said] of [[[], "stops its apps, too"], [["--keep-apps"], "starts dep no further"]] as const
  ) {
    await daemon.start();
    const starting = daemon.run("app", "start", "dep");
    await untilWaiting(daemon);
    await daemon.run("daemon", "stop", ...stop);
    const { code, stderr } = await starting;
    assertEquals(code, 4, stderr);
    assertStringIncludes(stderr, `The daemon is stopping, and ${said}`);
    assertStringIncludes(stderr, 'Run "haft app start" again');
  }
});

Deno.test("a reload goes no further when the daemon stops, with its apps or without them", async () => {
  await using daemon = await project(
    binary,
    `[apps.web]\ncommand = "sleep 1000"\nhealth = { exec = ["test", "-e", "fine"], interval = "50ms", start_period = "10m" }\n`,
  );
  const fine = join(daemon.sandbox.project, "fine");
  for (const [stop, next] of [[[], "start"], [["--keep-apps"], "reload"]] as const) {
    writeFileSync(fine, "");
    assertEquals((await daemon.run("app", "up", "-d")).code, 0);
    rmSync(fine);
    const reloading = daemon.run("app", "reload");
    await until(async () => {
      const { apps } = await daemon.call("app.status", { cwd: daemon.sandbox.project }) as {
        apps: { instances: { pid: number | null }[] }[];
      };
      return apps[0]?.instances.length === 2 && apps[0].instances[1]?.pid !== null;
    }, "the second instance runs");
    await daemon.run("daemon", "stop", ...stop);
    const { code, stderr } = await reloading;
    assertEquals(code, 4, stderr);
    assertStringIncludes(stderr, "The daemon is stopping");
    assertStringIncludes(stderr, `Run "haft app ${next}" again`);
  }
  writeFileSync(fine, "");
  const { apps } = await daemon.call("app.status", { cwd: daemon.sandbox.project }) as {
    apps: { instances: { pid: number | null }[] }[];
  };
  assertEquals(apps[0]?.instances.map(({ pid }) => pid !== null), [true]);
});

Deno.test("a command whose daemon ends before it answers says so, with the next step", async () => {
  await using daemon = await project(binary, MANIFEST);
  const id = await start(daemon, "--", "sleep", "1000");
  const { pid } = await daemon.call("daemon.status") as { pid: number };
  const waiting = daemon.run("ipc-send", "task.wait", JSON.stringify({ ids: [id] }));
  await until(async () => {
    const { connections } = await daemon.call("daemon.metrics") as { connections: { name: string }[] };
    return connections.filter(({ name }) => name === "haft ipc-send").length > 1;
  }, "the request is there");
  process.kill(pid, "SIGKILL");
  const { code, stderr } = await waiting;
  assertEquals(code, 3, stderr);
  assertStringIncludes(stderr, "The daemon ended before it answered\n");
  assertStringIncludes(stderr, '"haft daemon logs" says why');
});

Deno.test("daemon logs, daemon stop and app save print JSON where they are asked for it", async () => {
  await using daemon = await project(binary, MANIFEST);
  const pid = await daemon.start();
  await daemon.run("app", "start", "slow");
  const json = async (...args: string[]) => (await daemon.run(...args, "--json")).stdout;
  const lines = (await json("daemon", "logs")).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.every(({ time }) => typeof time === "number"), true);
  assertEquals(lines.some(({ line }) => line.endsWith(`pid ${pid}`)), true);
  assertEquals(JSON.parse(await json("daemon", "stop")), { pid });
  assertEquals(JSON.parse(await json("daemon", "stop")), { pid: null });
  assertEquals(JSON.parse(await json("app", "save", "--force")).apps.length, 1);
});
