/** What `haft app start` and `up` wait for, and what they do not. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

Deno.test("a start ends where what others need ends again and again, and they start once it works", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(`[apps.db]
command = "test -e ready || { echo no data; exit 1; }; echo up; sleep 1000"
backoff = { initial = "50ms", max = "100ms" }
health = { log_line = "up" }
[apps.api]
command = "sleep 1000"
depends_on = { db = "healthy" }
[apps.web]
command = "touch started; sleep 1000"
depends_on = ["api"]
[apps.other]
command = "sleep 1000"
`);
  await daemon.run("trust");
  for (const args of [["app", "start"], ["app", "up", "--detach"]]) {
    const { code, stderr } = await daemon.run(...args);
    assertEquals([args, code], [args, 1]);
    assertStringIncludes(stderr, "api: It waits for db (healthy)");
    assertStringIncludes(stderr, "web: It waits for api (started)");
    assertStringIncludes(stderr, "haft app logs");
    assertEquals(stderr.includes("other: "), false, stderr);
  }
  const { project } = daemon.sandbox;
  assertEquals(existsSync(join(project, "started")), false);
  writeFileSync(join(project, "ready"), "");
  await until(() => existsSync(join(project, "started")), "web starts by itself");
});
