import { assertEquals } from "@std/assert";
import { findTree } from "../../../src/process/process_tree.ts";
import { FakeSystem } from "./fakes.ts";

Deno.test("findTree() finds the group, those with the mark, and their children; and no stranger", () => {
  const system = new FakeSystem();
  const leader = system.add({ marker: "web/0/n" });
  const member = system.add({ group: leader.pid });
  const stray = system.add({ marker: "web/0/old" });
  const child = system.add({ parent: stray.pid });
  system.add({ marker: "web/01/n" });
  system.add({ marker: "web/1/n" });
  system.add({});
  const pids = (watched: boolean) => {
    const { group, strays } = findTree(system, { leader, markerPrefix: "web/0", watched });
    return [group.map(({ pid }) => pid), strays.map(({ pid }) => pid)];
  };
  assertEquals(pids(true), [[leader.pid, member.pid], [stray.pid, child.pid]]);
  // The leader has gone: only who watched it all the time may still go by its group.
  system.processes.delete(leader.pid);
  assertEquals(pids(true), [[member.pid], [stray.pid, child.pid]]);
  assertEquals(pids(false), [[], [stray.pid, child.pid]]);
  // Its number is somebody else's by now.
  system.processes.set(
    leader.pid,
    {
      ...system.add({}),
      ...system.all()[0],
      pid: leader.pid,
      group: leader.pid,
      startTime: "other",
      marker: undefined,
    } as never,
  );
  assertEquals(pids(true)[0], []);
});
