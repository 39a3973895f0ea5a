import { assertEquals } from "@std/assert";
import { watchProcessors } from "../../../src/sync/idle_processors.ts";

Deno.test("watchProcessors() calls processors idle once half of one was, since the last look", () => {
  let times = { idle: 1_000, total: 5_000, count: 4 };
  const idle = watchProcessors(() => times);
  const pass = (idleMs: number, totalMs: number) => {
    times = { idle: times.idle + idleMs, total: times.total + totalMs, count: 4 };
    return idle();
  };
  assertEquals(pass(250, 2_000), true);
  assertEquals(pass(249, 2_000), false);
  assertEquals(pass(2_000, 2_000), true);
  // Where the system counts nothing, more processes are started as before.
  assertEquals(pass(0, 0), true);
});
