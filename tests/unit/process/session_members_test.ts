import { assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { linuxProcessTable } from "../../../src/process/linux_process_table.ts";
import type { ProcessInfo } from "../../../src/process/process_table.ts";
import { SessionMembers } from "../../../src/process/session_members.ts";
import { until } from "../../support/until.ts";

class Machine {
  readonly processes = new Map<number, { inode: number; session: number; group: number }>();
  readonly looked: number[] = [];
  readonly members = new SessionMembers({
    pids: () => [...this.processes.keys()],
    inode: (pid) => this.processes.get(pid)?.inode,
    find: (pid) => {
      this.looked.push(pid);
      const found = this.processes.get(pid);
      if (found === undefined) return undefined;
      const { session, group } = found;
      const info: ProcessInfo = { pid, parent: 1, group, session, state: "S", startTime: "1", cpuSeconds: 0 };
      return info;
    },
  });
  #inodes = 0;

  start(pid: number, session: number, group = session): void {
    this.processes.set(pid, { inode: ++this.#inodes, session, group });
  }

  /** @returns the pids of what is near, and of what was looked at for it */
  near(...leaders: number[]): { found: number[]; looked: number[] } {
    this.looked.length = 0;
    const found = this.members.near(new Set(leaders)).map(({ pid }) => pid);
    return { found: found.sort(), looked: [...this.looked].sort() };
  }
}

function machine(): Machine {
  const made = new Machine();
  // An app and its child, another with a leader that is no session's, and others' processes.
  for (const [pid, session, group] of [[10, 10], [11, 10], [20, 5, 20], [21, 5, 20], [30, 30], [31, 30]]) {
    made.start(pid ?? 0, session ?? 0, group);
  }
  made.near();
  return made;
}

Deno.test("SessionMembers looks at the leaders' sessions alone, once it knows the others", () => {
  assertEquals(machine().near(10, 20), { found: [10, 11, 20, 21], looked: [10, 11, 20, 21] });
  assertEquals(machine().near(10), { found: [10, 11], looked: [10, 11] });
});

Deno.test("SessionMembers finds processes that are new, of whatever session, and those of a pid that is used again", () => {
  const made = machine();
  made.start(12, 10);
  made.start(32, 30);
  made.start(31, 10);
  assertEquals(made.near(10).found, [10, 11, 12, 31, 32]);
  assertEquals(made.near(10).found, [10, 11, 12, 31]);
});

Deno.test("SessionMembers looks at a process that was others' when its session is asked for", () => {
  assertEquals(machine().near(10, 30).found, [10, 11, 30, 31]);
});

Deno.test("SessionMembers looks at all where a leader is gone, whose group may be in any session", () => {
  const made = machine();
  made.processes.delete(20);
  assertEquals(made.near(10, 20).found, [10, 11, 21, 30, 31]);
});

Deno.test("SessionMembers looks at all while a leader is taken out of the table, when it shows no session", () => {
  const made = machine();
  made.start(10, -1, -1);
  assertEquals(made.near(10).found, [11, 20, 21, 30, 31]);
});

Deno.test({
  name: "near() has the children of a leader, also those that have lost their parent",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const child = spawn("/bin/sh", ["-c", "(sleep 60 & sleep 60 &) ; exec sleep 60"], { detached: true });
    const { pid = 0 } = child;
    const sleeping = () =>
      linuxProcessTable.near?.(new Set([pid])).filter(({ session }) => session === pid).length;
    try {
      await until(() => sleeping() === 3, "there are three");
      assertEquals(sleeping(), linuxProcessTable.all().filter(({ session }) => session === pid).length);
    } finally {
      const ended = Promise.withResolvers<void>();
      child.on("exit", () => ended.resolve());
      process.kill(-pid, "SIGKILL");
      await ended.promise;
    }
  },
});
