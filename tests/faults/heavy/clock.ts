import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { processorTime } from "../../../scripts/bench/process_state.ts";
import { binary } from "../../e2e/support.ts";
import { pidsOf, project, status } from "../app_project.ts";

/** Debian's libfaketime: the daemon believes that the clock of the wall is what a file says. */
const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
if (!existsSync(FAKETIME)) {
  console.log("SKIPPED: the clock that moves: there is no libfaketime (Debian's package)");
}

for (const [day, there] of [["forward", "+1d"], ["back", "-1d"]] as const) {
  Deno.test({
    name:
      `the clock is moved a day ${day}: restarts, health checks, stops and limits go on, and no schedule runs a day's worth`,
    ignore: !existsSync(FAKETIME),
    fn: async () => {
      await using daemon = await project(`
[apps.crashes]
command = ["sh", "-c", "echo >> crashes; sleep 0.2; exit 1"]
restart = "always"
backoff = { initial = "100ms", max = "200ms", jitter = 0 }

[apps.web]
command = "sleep 1000"
health = { exec = ["sh", "-c", "echo >> checks"], interval = "200ms" }

[apps.job]
command = ["sh", "-c", "echo >> jobs"]
schedule = "* * * * * *"
restart = "no"
`);
      const clock = join(daemon.sandbox.root, "clock");
      writeFileSync(clock, "+0");
      await daemon.sandbox.shell(
        binary,
        `LD_PRELOAD=${FAKETIME} FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 \
           FAKETIME_TIMESTAMP_FILE=${clock} haft daemon start --json`,
      );
      await daemon.run("app", "up", "-d");
      const lines = (name: string) => {
        const path = join(daemon.sandbox.project, name);
        return existsSync(path) ? readFileSync(path, "utf8").length : 0;
      };
      const counts = () => ["crashes", "checks", "jobs"].map(lines);
      const more = async (from: number[], by: number) => {
        const deadline = performance.now() + 60_000;
        while (counts().some((count, at) => count < (from[at] ?? 0) + by)) {
          assert(performance.now() < deadline, `${counts()} after ${from}`);
          await delay(50);
        }
      };
      await more([0, 0, 0], 2);
      const web = async () => pidsOf(await status(daemon));
      const [, before] = await web();
      const at = counts();
      writeFileSync(clock, there);
      const { pid } = await daemon.call("daemon.status") as { pid: number };
      const cpu = processorTime(pid);
      await delay(3_000);
      // Not a run for each second of the day, nor a restart without its pause.
      counts().forEach((count, kind) => assert(count - (at[kind] ?? 0) <= 30, `${counts()} after ${at}`));
      assert(processorTime(pid) - cpu < 1.5);
      await more(counts(), 2);
      assertEquals((await web())[1], before);
      // It was really moved: what was started since was so a day from now.
      const [crashes] = await status(daemon);
      const apart = Math.abs((crashes?.instances[0]?.started_at ?? Date.now()) - Date.now());
      assert(apart > 20 * 60 * 60 * 1000, `${apart} ms`);
      assertEquals((await status(daemon)).find(({ name }) => name === "web")?.state, "healthy");
      const begun = performance.now();
      assertEquals((await daemon.run("app", "stop", "web")).code, 0);
      assert(performance.now() - begun < 5_000);
      assertEquals(process.kill(pid, 0), true);
    },
  });
}
