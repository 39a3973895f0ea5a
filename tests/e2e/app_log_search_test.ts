/** Searches in logs so large that reading all of one takes hours. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

/** A hole of a terabyte, which takes no room on the disk. */
const HOLE = 2 ** 40;

/** An app that has ended, and its log of a terabyte and two lines. */
async function largeLog(): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(`[apps.a]\ncommand = ["echo", "first"]\nrestart = "no"\n`);
  await daemon.run("trust");
  await daemon.run("app", "start", "a");
  let path = "";
  for (let state = ""; state !== "stopped";) {
    const [app] = JSON.parse((await daemon.run("app", "status", "--json")).stdout);
    state = app.state;
    path = app.instances[0].stdout_log;
  }
  await daemon.run("daemon", "stop");
  truncateSync(path, HOLE);
  appendFileSync(path, "\nlast but one\nlast\n");
  const offset = HOLE + 19;
  const read = { rotations: 0, in: 0, offset };
  const ends = JSON.stringify({ stdout: read, stderr: { ...read, offset: 0 } });
  writeFileSync(path.replace(/\.out\.log$/, ".tail.json"), ends);
  await daemon.run("daemon", "start");
  return daemon;
}

Deno.test("app logs --grep finds the newest lines at once, and Ctrl-C ends a search that goes on for hours", async () => {
  await using daemon = await largeLog();
  for (const pattern of ["last but", "l[a]st b"]) {
    const { stdout } = await daemon.run("app", "logs", "a", "-n", "1", "--grep", pattern);
    assertStringIncludes(stdout, "last but one");
  }
  for (const flags of ["", "-f"]) {
    const search = `haft app logs a -n 9 --grep 'last but' ${flags}`;
    // The answer shows that the daemon has time for others meanwhile.
    const { stdout } = await daemon.sandbox.shell(
      binary,
      `set -m; ${search} & sleep 0.5; haft app status --json >/dev/null && echo answered; kill -INT -- -$!; wait $!; echo "ended $?"`,
    );
    assertStringIncludes(stdout, "answered\n");
    assertStringIncludes(stdout, "ended 130\n");
  }
  assertEquals((await daemon.run("app", "logs", "a", "-n", "1")).stdout.includes("last"), true);
});

Deno.test("an expression that would take hours by backtracking stops neither the daemon nor the app that waits for it", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const line = "GET /api/v1/users/123456/orders/abcdefghijklmnopqrstuvwxyz status 200 in 12ms";
  const slow = String.raw`(\w+[\s/]*)*`;
  daemon.sandbox.manifest(`[apps.a]
command = "for i in 1 2 3 4 5 6 7 8 9; do echo ${line}; done; echo all is up; sleep 1000"
health = { log_line = '${slow}up$' }
`);
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "up", "--detach")).code, 0);
  const none = await daemon.run("app", "logs", "a", "--grep", `${slow}error`);
  assertEquals([none.code, none.stdout], [0, ""]);
  const found = await daemon.run("app", "logs", "a", "--grep", `(?i)ALL ${slow}up`);
  assertStringIncludes(found.stdout, "all is up");
  const refused = await daemon.run("app", "logs", "a", "--grep", "(?=a)");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "look-around");
});
