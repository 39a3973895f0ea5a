import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { metric, verdict } from "../faults/line_client.ts";
import { bundle, findBun } from "../support/bun_runtime.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

const entry = new URL("../support/faulty_daemon.ts", import.meta.url);

async function commandUnder(runtime: "deno" | "bun", directory: string): Promise<string[]> {
  if (runtime === "deno") return [process.execPath, "run", "-A", "--quiet", "--no-check", entry.pathname];
  const bun = findBun();
  assert(bun !== undefined);
  return [bun, "--no-install", await bundle(entry, directory)];
}

for (const runtime of ["deno", "bun"] as const) {
  Deno.test(`${runtime}: a rejection that nobody waits for and an exception in a timer are logged and counted, and the daemon lives`, async () => {
    await using daemon = await DaemonSandbox.create(binary);
    const [file = "", ...args] = await commandUnder(runtime, daemon.sandbox.project);
    const child = spawn(file, [...args, daemon.socket], {
      env: daemon.sandbox.environment(),
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await until(() => existsSync(daemon.socket), "the daemon listens");
    await until(() => metric(daemon.socket, "haft_internal_errors_total"), "two errors are counted", {
      passes: (count) => count >= 2,
    });
    assertEquals(await verdict(daemon.socket), "ok");
    const { log } = JSON.parse((await daemon.run("daemon", "status", "--json")).stdout);
    const text = readFileSync(log, "utf8");
    assertStringIncludes(text, "nobody waits for this");
    assertStringIncludes(text, "thrown in a timer");
    await daemon.run("daemon", "stop");
    await ended;
  });
}

Deno.test("a NUL in what the system takes is the caller's mistake, and no fault of haft's", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const rows: [method: string, params: Record<string, unknown>, at: string][] = [
    ["runtime.resolve", { cwd: "/a\0", runtime: "node" }, "cwd"],
    ["app.status", { root: "/a\0" }, "root"],
    ["app.logs", { cwd: "/a\0", names: ["web"] }, "cwd"],
    ["task.start", { cwd: "/tmp", command: ["true", "\0"] }, "command.1"],
    ["task.start", { cwd: "/tmp", command: ["true"], env: { A: "\0" } }, "env.A"],
  ];
  for (const [method, params, at] of rows) {
    const { code, stderr } = await daemon.run("ipc-send", method, JSON.stringify(params));
    assertEquals([method, code], [method, 4]);
    assertStringIncludes(stderr, `parameter "${at}" is wrong: has a NUL`);
  }
  assertEquals(await metric(daemon.socket, "haft_internal_errors_total"), 0);
});
