import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { logFamily } from "../../../src/apps/logs/log_files.ts";
import { untilGone } from "../../e2e/daemon_sandbox.ts";
import { pidsOf, processesOf, project, status } from "../app_project.ts";

const KILLS = 100;
const APPS = 10;

Deno.test(`kill -9 of the daemon ${KILLS} times with ${APPS} apps: no orphans, no doubles, all adopted, no line lost`, async () => {
  const app = (n: number) =>
    `[apps.a${n}]
command = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; [ $((i % 50)) = 0 ] && sleep 0.02; done"]
log = { max_size = "16KiB", keep = 1000 }
`;
  await using daemon = await project(Array.from({ length: APPS }, (_, n) => app(n)).join(""));
  await daemon.run("app", "start");
  const pids = pidsOf(await status(daemon));
  assertEquals(pids.includes(null), false);
  for (let round = 0; round < KILLS; round++) {
    const pid = await daemon.start();
    // From its first moment, while it adopts, to the middle of its rotations.
    await delay((round * 13) % 120);
    process.kill(pid, "SIGKILL");
    await untilGone(pid);
  }
  assertEquals(pidsOf(await status(daemon)), pids);
  assertEquals(processesOf(daemon).filter((pid) => !pids.includes(pid) && isShell(pid)), []);
  // All that was written is there, in order, once; a last line may be cut by the stop.
  const logs = (await status(daemon)).map(({ instances }) => instances[0]?.stdout_log ?? "");
  await daemon.run("app", "stop");
  assertEquals(processesOf(daemon), []);
  for (const path of logs) {
    const files = logFamily(path).filter((one) => existsSync(one) && one !== path).reverse();
    assert(files.length > 3, `${path} was rotated ${files.length} times`);
    const numbers = [...files, path].map((one) => readFileSync(one, "utf8")).join("").trimEnd().split("\n")
      .map(Number);
    const gap = numbers.findIndex((number, index) => number !== index + 1);
    assert(
      gap === -1 || gap >= numbers.length - 1,
      `${path}, after ${gap}: ${numbers.slice(gap - 2, gap + 3)}`,
    );
  }
});

/** A writer's own, not one of the `sleep`s that it starts. */
function isShell(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sh\0-c");
  } catch {
    return false;
  }
}
