import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { openDescriptors, residentMemory } from "../../../scripts/bench/process_state.ts";
import { DaemonSandbox } from "../../e2e/daemon_sandbox.ts";
import { binary } from "../../e2e/support.ts";
import { metric, verdict } from "../line_client.ts";

const CONNECTIONS = 10_000;
/** What the runtime's own heap may grow by: bytes. */
const GROWTH = 16 * 1024 * 1024;

Deno.test(`${CONNECTIONS} connections that come and go leave descriptors and memory as they were`, async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  const churn = async (count: number) => {
    for (let i = 0; i < count; i += 10) {
      const verdicts = await Promise.all(Array.from({ length: 10 }, () => verdict(daemon.socket)));
      assertEquals(new Set(verdicts), new Set(["ok"]));
    }
  };
  const left = async () => {
    while (await metric(daemon.socket, "haft_connections") > 1) await delay(20);
  };
  /** The last connection, which asked for the metric, goes a moment later. */
  const descriptors = async () => {
    const counts = [];
    for (let look = 0; look < 25; look++) {
      counts.push(openDescriptors(pid));
      await delay(20);
    }
    return Math.min(...counts);
  };
  await churn(CONNECTIONS);
  await left();
  const before = { memory: residentMemory(pid), descriptors: await descriptors() };
  await churn(CONNECTIONS);
  await left();
  const grown = residentMemory(pid) - before.memory;
  assert(grown < GROWTH, `${grown} bytes more`);
  assertEquals(await descriptors(), before.descriptors);
});
