import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { IdleClock } from "../../../src/daemon/idle_clock.ts";

/** Resolves when the clock says that there is nothing to do; counts how often it asked before. */
async function idle(busyFor: number): Promise<{ asked: number; limit: number }> {
  let asked = 0;
  const ended = Promise.withResolvers<number>();
  using clock = new IdleClock({
    limitMs: () => 5,
    isBusy: () => ++asked <= busyFor,
    onIdle: (limit) => ended.resolve(limit),
  });
  clock.restart();
  return { limit: await ended.promise, asked };
}

Deno.test("IdleClock ends what has had nothing to do for the limit", async () => {
  assertEquals(await idle(0), { asked: 1, limit: 5 });
});

Deno.test("IdleClock looks again while there is work, even if nothing says that it ended", async () => {
  assertEquals(await idle(3), { asked: 4, limit: 5 });
});

Deno.test("IdleClock never runs without a limit, nor after it was disposed", async () => {
  const seen: string[] = [];
  const limits = [Infinity, 1];
  for (const limit of limits) {
    const clock = new IdleClock({
      limitMs: () => limit,
      isBusy: () => false,
      onIdle: () => seen.push(`${limit}`),
    });
    clock.restart();
    clock[Symbol.dispose]();
    clock.restart();
  }
  await delay(20);
  assertEquals(seen, []);
});
