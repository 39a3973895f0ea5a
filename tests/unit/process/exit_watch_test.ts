import { assertEquals } from "@std/assert";
import { UNKNOWN_EXIT } from "../../../src/process/exit.ts";
import { ExitWatch } from "../../../src/process/exit_watch.ts";
import { FakeClock, FakeSystem, settle } from "./fakes.ts";

const SPEC = {
  file: "/bin/x",
  args: [],
  cwd: "/",
  env: {},
  stdout: "",
  stderr: "",
  uid: undefined,
  gid: undefined,
};

async function running() {
  const system = new FakeSystem();
  const clock = new FakeClock();
  const { identity } = await system.spawn(SPEC);
  const notices = new Map<number, () => void>();
  const watch = (pid: number, onEnd: () => void) => {
    notices.set(pid, onEnd);
    return { [Symbol.dispose]: () => void notices.delete(pid) };
  };
  return { system, clock, identity, notices, watch };
}

Deno.test("ExitWatch waits for the system's notice without a timer, and gives it up in the end", async () => {
  const { system, clock, identity, notices, watch } = await running();
  const exits = new ExitWatch({ table: system, clock, watch });
  const ended = exits.ended(identity);
  assertEquals([clock.timers, notices.size], [0, 1]);
  system.processes.delete(identity.pid);
  notices.get(identity.pid)?.();
  assertEquals(await ended, UNKNOWN_EXIT);
  assertEquals([clock.timers, notices.size], [0, 0]);
});

Deno.test("ExitWatch believes no notice of a process that runs: then the clock decides", async () => {
  const { system, clock, identity, notices, watch } = await running();
  const exits = new ExitWatch({ table: system, clock, watch });
  let over = false;
  void exits.ended(identity).then(() => over = true);
  notices.get(identity.pid)?.();
  await clock.pass(1_000);
  assertEquals([over, clock.timers], [false, 1]);
  system.processes.delete(identity.pid);
  await clock.pass(200);
  assertEquals([over, clock.timers], [true, 0]);
});

Deno.test("ExitWatch looks by the clock where the system gives no notice, and at one that ended before", async () => {
  const { system, clock, identity, watch } = await running();
  const looking = new ExitWatch({ table: system, clock });
  let over = 0;
  void looking.ended(identity).then(() => over++);
  await clock.pass(200);
  assertEquals([over, clock.timers], [0, 1]);
  system.processes.delete(identity.pid);
  void new ExitWatch({ table: system, clock, watch }).ended(identity).then(() => over++);
  await clock.pass(200);
  await settle();
  assertEquals([over, clock.timers], [2, 0]);
  looking[Symbol.dispose]();
});
