import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { openDescriptors, processorTime } from "../../../scripts/bench/process_state.ts";
import { DaemonSandbox } from "../../e2e/daemon_sandbox.ts";
import { binary } from "../../e2e/support.ts";
import { LineClient, verdict } from "../line_client.ts";

const WATCHED_MS = 2_000;

for (const [descriptors, clients] of [[64, 40], [64, 100], [64, 500], [256, 500]] as const) {
  Deno.test(`with ${descriptors} descriptors, ${clients} clients cost no processor time, and leave a daemon that serves`, async () => {
    await using daemon = await DaemonSandbox.create(binary);
    const { stdout } = await daemon.sandbox.shell(
      binary,
      `ulimit -n ${descriptors}; haft daemon start --json`,
    );
    const { pid } = JSON.parse(stdout);
    const held = await Promise.all(
      Array.from({ length: clients }, () => LineClient.connect(daemon.socket).catch(() => undefined)),
    );
    for (const client of held) client?.send({ type: "ping", id: "1" });
    await delay(500);
    assert(openDescriptors(pid) < descriptors);
    const before = processorTime(pid);
    await delay(WATCHED_MS);
    const share = (processorTime(pid) - before) / (WATCHED_MS / 1000);
    assert(share < 0.1, `the daemon used ${share} of a core`);
    for (const client of held) client?.[Symbol.dispose]();
    await delay(500);
    assertEquals(await verdict(daemon.socket), "ok");
  });
}
