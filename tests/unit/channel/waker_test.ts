import { assertEquals, assertThrows } from "@std/assert";
import { ThreadChannel } from "../../../src/channel/kinds/thread_channel.ts";
import { Waker } from "../../../src/channel/waker.ts";

Deno.test("a waker wakes the host once for many messages, which are handled when the host pumps", async () => {
  const [near, far] = ThreadChannel.pair("pair");
  let wakes = 0;
  using waker = new Waker({ wake: () => wakes++, intervalMs: 30 });
  const handled: unknown[] = [];
  waker.attach(far, ({ data }) => handled.push(data));
  for (let n = 0; n < 100; n++) await near.sendJson(n);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals([wakes, handled.length, waker.length], [1, 0, 100]);
  assertEquals(waker.pump(0), 1);
  assertEquals(waker.pump(), 99);
  assertEquals([handled.length, handled[99]], [100, 99]);
  await near.close();
});

Deno.test("a handler that throws ends the pump, and the rest wakes the host again", async () => {
  const [near, far] = ThreadChannel.pair("pair");
  const { promise, resolve } = Promise.withResolvers<void>();
  let wakes = 0;
  using waker = new Waker({
    intervalMs: 1,
    wake: () => {
      if (++wakes === 2) resolve();
    },
  });
  waker.attach(far, ({ data }) => {
    if (data === 1) throw new Error("the host's own");
  });
  await near.sendJson(1);
  await near.sendJson(2);
  await new Promise((done) => setTimeout(done, 10));
  assertThrows(() => waker.pump(), Error, "the host's own");
  await promise;
  assertEquals(waker.pump(), 1);
  await near.close();
});
