/** The order of what apps wrote, for one who looks later. */
import { assert, assertEquals } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

Deno.test("app logs has both streams in the order of their writing, and a last line without an end as its own", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const script =
    "for i in 1 2 3 4; do echo out$i; sleep 0.2; echo err$i >&2; sleep 0.2; done; printf open; exit 0";
  daemon.sandbox.manifest(`[apps.talker]\ncommand = ${JSON.stringify(script)}\nrestart = "no"\n`);
  await daemon.run("trust");
  for (let run = 1; run <= 2; run++) {
    assertEquals((await daemon.run("app", "start", "talker")).code, 0);
    for (;;) {
      const [app] = JSON.parse((await daemon.run("app", "status", "--json")).stdout);
      if (app.state === "stopped") break;
    }
  }
  const { stdout } = await daemon.run("app", "logs", "talker", "--json");
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line).line);
  const once = [1, 2, 3, 4].flatMap((at) => [`out${at}`, `err${at}`]);
  assertEquals(lines, [...once, "open", ...once, "open"]);
  const last = await daemon.run("app", "logs", "talker", "-n", "2", "--json");
  assertEquals(last.stdout.trim().split("\n").map((line) => JSON.parse(line).line), ["err4", "open"]);
});

Deno.test("app logs of what came after a rotation ends with the newest line, with -n, --since and -t alike", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const script = "seq 1 20000; until [ -e go ]; do sleep 0.1; done; seq 20001 20400; sleep 600";
  daemon.sandbox.manifest(
    `[apps.v]\ncommand = ${JSON.stringify(script)}\nlog = { max_size = "64KiB", keep = 4 }\n`,
  );
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "start", "v")).code, 0);
  const numbers = async (...args: string[]) => {
    const { stdout } = await daemon.run("app", "logs", "v", "--json", ...args);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.filter(({ time }) => time === null), []);
    return lines.map(({ line }) => Number(line));
  };
  const [app] = JSON.parse((await daemon.run("app", "status", "--json")).stdout);
  while (!existsSync(`${app.instances[0].stdout_log}.1`)) await delay(20);
  writeFileSync(join(daemon.sandbox.project, "go"), "");
  while ((await numbers("-n", "1"))[0] !== 20_400) { /* It is not written yet. */ }
  const last = Array.from({ length: 600 }, (_, at) => 19_801 + at);
  for (const restarted of [false, true]) {
    if (restarted) await daemon.run("daemon", "restart");
    assertEquals(await numbers("-n", "600"), last);
    assertEquals((await numbers("-n", "10000", "--since", "1h")).slice(-600), last);
  }
});

Deno.test("a reader that leaves in the middle of a long line ends app logs in silence", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const script = "head -c 3000000 /dev/zero | tr '\\0' x; echo; sleep 600";
  daemon.sandbox.manifest(`[apps.big]\ncommand = ${JSON.stringify(script)}\n`);
  await daemon.run("trust");
  await daemon.run("app", "start");
  while (!(await daemon.run("app", "logs", "big")).stdout.endsWith("x\n")) { /* It is not written yet. */ }
  for (let round = 0; round < 6; round++) {
    const { stdout, stderr } = await daemon.sandbox.shell(binary, "haft app logs big | head -c 10");
    assertEquals(stdout.length, 10);
    assert(!/EPIPE|bunfs/.test(stderr), stderr);
  }
});
