import { assertEquals } from "@std/assert";
import { findTree, findTreeSoon } from "../../../src/process/process_tree.ts";
import { FakeClock, FakeSystem } from "./fakes.ts";

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

Deno.test("findTreeSoon() looks once for all who ask before it does, and sees what came after they asked", async () => {
  const system = new FakeSystem();
  const clock = new FakeClock();
  let looks = 0;
  const table = {
    ...system,
    all: () => {
      looks++;
      return system.all();
    },
  } as unknown as FakeSystem;
  const asked = ["a/0", "b/0", "b"].map((markerPrefix) =>
    findTreeSoon({ table, clock }, () => ({ leader: undefined, markerPrefix, watched: false }))
  );
  const a = system.add({ marker: "a/0/n" });
  const b = system.add({ marker: "b/0/n" });
  await clock.pass(0);
  const found = (await Promise.all(asked)).map(({ strays }) => strays.map(({ pid }) => pid));
  assertEquals([found, looks], [[[a.pid], [b.pid], [b.pid]], 1]);
  const later = findTreeSoon({ table, clock }, () => ({ leader: b, markerPrefix: "c/0", watched: true }));
  await clock.pass(0);
  assertEquals([(await later).group.map(({ pid }) => pid), looks], [[b.pid], 2]);
});
