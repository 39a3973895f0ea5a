/** What a daemon does while nothing happens to its apps. */
import { assertEquals } from "@std/assert";
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { until } from "../support/until.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

/** The descriptors by which the system tells that a process has ended. */
function processNotices(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`).includes("pidfd");
    } catch {
      return false;
    }
  }).length;
}

Deno.test({
  name:
    "a daemon that took apps over waits for the system's notice of their ends, and looks at none by the clock",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using daemon = await DaemonSandbox.create(binary);
    const names = ["a", "b", "c"];
    daemon.sandbox.manifest(
      names.map((name) => `[apps.${name}]\ncommand = "sleep 600"\nrestart = "always"\n`).join(""),
    );
    await daemon.run("trust");
    const first = await daemon.start();
    assertEquals((await daemon.run("app", "up", "-d")).code, 0);
    process.kill(first, "SIGKILL");
    await untilGone(first);
    const second = await daemon.start();
    const status = async (): Promise<
      { name: string; instances: { pid: number | null; restarts: number }[] }[]
    > => JSON.parse((await daemon.run("app", "status", "--json")).stdout);
    const before = await status();
    assertEquals(before.map(({ instances }) => instances.length), [1, 1, 1]);
    const others = processNotices(second) - names.length;
    const [victim] = before[0]?.instances ?? [];
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await until(async () => (await status())[0]?.instances[0], "it is started anew", {
      passes: (now) => now?.restarts === 1 && now.pid !== null && now.pid !== victim?.pid,
    });
    // Bun itself has one for each child; the app that was started anew is one.
    assertEquals(processNotices(second) - others, names.length);
  },
});
