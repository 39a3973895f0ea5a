import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fileStem } from "../../../src/process/process_key.ts";
import { fixedPart, matchesWatch } from "../../../src/apps/file_watch.ts";
import { parseStat } from "../../../src/process/linux_process_table.ts";
import { findTree } from "../../../src/process/process_tree.ts";
import { parsePsLine } from "../../../src/process/ps_process_table.ts";
import { worstState } from "../../../src/apps/state/worst_state.ts";
import { FakeSystem } from "./fakes.ts";

Deno.test("fileStem() is a safe, short and unique name of a file for any name of an app", () => {
  const names = [
    "web",
    "Web",
    "a/b",
    "a_b",
    "../../etc",
    ".",
    "..",
    "ü",
    "u\u0308",
    "日本語",
    "x".repeat(300),
    " ",
    "con",
    "a\u202eb",
  ];
  const stems = names.map((name) => fileStem({ root: "/p", name }));
  for (const stem of stems) assert(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/.test(stem), stem);
  assertEquals(new Set(stems.map((stem) => stem.toLowerCase())).size, names.length);
  assertNotEquals(fileStem({ root: "/p", name: "web" }), fileStem({ root: "/q", name: "web" }));
  assert(fileStem({ root: "/p", name: "web" }).startsWith("web-"));
});

Deno.test("parseStat() reads a name with spaces and parentheses", () => {
  const stat =
    "42 (a) (b c) S 1 40 41 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 987654 1000 200 18446744073709551615";
  assertEquals(parseStat(stat), {
    pid: 42,
    parent: 1,
    group: 40,
    session: 41,
    state: "S",
    startTime: "987654",
    cpuSeconds: 2,
  });
  assertEquals([parseStat(undefined), parseStat(""), parseStat("1 (x")], [undefined, undefined, undefined]);
});

Deno.test("parsePsLine() reads what ps prints on macOS and Linux", () => {
  assertEquals(parsePsLine("  42     1    42      0 Ss     0:01.50 Sat Nov 21 01:55:23 2026"), {
    pid: 42,
    parent: 1,
    group: 42,
    session: 0,
    state: "S",
    startTime: "Sat Nov 21 01:55:23 2026",
    cpuSeconds: 1.5,
  });
  assertEquals(parsePsLine("PID PPID"), undefined);
});

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

Deno.test("fixedPart() and matchesWatch() of globs", () => {
  const rows: [string, string][] = [["src/**/*.ts", "src"], ["*.ts", ""], ["a/b/c.ts", "a/b"], [
    "./src/x/{a,b}.ts",
    "src/x",
  ]];
  for (const [glob, part] of rows) assertEquals(fixedPart(glob), part);
  assertEquals(matchesWatch("src/a/b.ts", ["src/**/*.ts"]), true);
  assertEquals(matchesWatch("src/node_modules/b.ts", ["src/**/*.ts"]), false);
  assertEquals(matchesWatch("b.js", ["*.ts", "./b.js"]), true);
});

Deno.test("worstState() is the one that needs attention first", () => {
  assertEquals(worstState(["running", "crashed", "healthy"]), "crashed");
  assertEquals(worstState(["stopped", "running"]), "running");
  assertEquals(worstState([]), "stopped");
});
