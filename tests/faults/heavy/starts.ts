import { assertEquals } from "@std/assert";
import process from "node:process";
import { DaemonSandbox } from "../../e2e/daemon_sandbox.ts";
import { binary } from "../../e2e/support.ts";
import { LineClient } from "../line_client.ts";

const STARTS = 100;

Deno.test(`${STARTS} simultaneous starts, ten times: every caller ends well and prints the same pid`, async () => {
  await using daemon = await DaemonSandbox.create(binary);
  for (let round = 0; round < 10; round++) {
    const { stdout, stderr } = await daemon.sandbox.shell(
      binary,
      `for i in $(seq ${STARTS}); do (haft daemon start --json || echo "ended $?" >&2) & done; wait`,
    );
    assertEquals(stderr, "");
    const pids = stdout.trim().split("\n").map((line) => JSON.parse(line).pid);
    assertEquals([pids.length, new Set(pids).size], [STARTS, 1]);
    assertEquals((await daemon.run("daemon", "stop")).code, 0);
  }
});

Deno.test("a daemon killed with kill -9 under load, twenty times, is followed by one that serves", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  for (let round = 0; round < 20; round++) {
    const pid = await daemon.start();
    using client = await LineClient.connect(daemon.socket);
    for (let i = 0; i < 100; i++) client.send({ type: "request", id: `${i}`, method: "daemon.ping" });
    process.kill(pid, "SIGKILL");
    await client.closed;
  }
  await daemon.start();
});
