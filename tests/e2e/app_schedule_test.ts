/** Apps with a schedule, as a person meets them. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

async function project(manifest: string): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

async function statusOf(daemon: DaemonSandbox, name: string): Promise<AppStatus> {
  return JSON.parse((await daemon.run("app", "status", name, "--json")).stdout)[0];
}

Deno.test("a schedule that is wrong, or never comes, is a mistake of the manifest: exit code 2, and its line", async () => {
  for (
    const [schedule, message] of [
      ['schedule = "every day"', "is no schedule"],
      ['schedule = "0 0 31 4 *"', "never comes"],
      ['schedule = "0 0 * * *"\nschedule_timezone = "Moon"', "is no time zone"],
    ]
  ) {
    await using daemon = await project(`[apps.job]\ncommand = "true"\n${schedule}\n`);
    for (const verb of ["up", "start"]) {
      const { code, stderr } = await daemon.run("app", verb);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, message ?? "");
      assertMatch(stderr, /haft\.toml:[34]:\d+: key "apps\.job\.schedule/);
    }
  }
});

Deno.test("the next run of a schedule is in its time zone, and shown in status", async () => {
  await using daemon = await project(
    `[apps.job]\ncommand = "true"\nschedule = "30 6 1 1 *"\nschedule_timezone = "Asia/Tokyo"\n`,
  );
  assertEquals((await daemon.run("app", "up", "-d")).code, 0);
  const { next_run: next } = await statusOf(daemon, "job");
  // 06:30 in Tokyo is 21:30 of the day before in UTC.
  assertMatch(new Date(next ?? 0).toISOString(), /-12-31T21:30:00/);
  assertMatch((await daemon.run("app", "status")).stdout, /job +stopped.*next run \d{4}-/);
});

Deno.test('schedule_action = "restart" restarts what runs, which counts and gives its reason; "start" leaves it alone', async () => {
  await using daemon = await project(
    `[apps.again]\ncommand = "sleep 600"\nschedule = "* * * * * *"\nschedule_action = "restart"\nbackoff = { initial = "10ms" }
[apps.once]\ncommand = "sleep 600"\nschedule = "* * * * * *"
[apps.never]\ncommand = "sleep 600"\nschedule = "* * * * * *"\nschedule_action = "restart"\nrestart = "no"\n`,
  );
  assertEquals((await daemon.run("app", "start")).code, 0);
  const once = (await statusOf(daemon, "once")).instances[0]?.pid;
  for (;;) {
    const [again] = (await statusOf(daemon, "again")).instances;
    if ((again?.restarts ?? 0) >= 2) {
      assertEquals(again?.restart_reason, "its schedule");
      break;
    }
    await delay(100);
  }
  const [still] = (await statusOf(daemon, "once")).instances;
  assertEquals([still?.pid, still?.restarts], [once, 0]);
  const [never] = (await statusOf(daemon, "never")).instances;
  assertEquals([never?.state, never?.restarts], ["running", 0]);
  assert(never?.reason?.includes('not restarted, since restart = "no"'), `${never?.reason}`);
});
