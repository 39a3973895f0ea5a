import { assertEquals } from "@std/assert";
import { wakeTree } from "../../../src/apps/adopt_instance.ts";
import { FakeSystem } from "../process/fakes.ts";

Deno.test("wakeTree() takes back a stop also of processes that have not stopped yet, and of no stranger", () => {
  const system = new FakeSystem();
  const leader = system.add({ marker: "web/0/n" });
  system.add({ group: leader.pid });
  const stray = system.add({ marker: "web/0/old" });
  system.add({});
  wakeTree(system, { leader: { ...leader, bootId: system.boot }, markerPrefix: "web/0", watched: true });
  assertEquals(system.signals, [[-leader.pid, "SIGCONT"], [stray.pid, "SIGCONT"]]);
});
