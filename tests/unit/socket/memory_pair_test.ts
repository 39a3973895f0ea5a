import { assert, assertEquals, assertRejects } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { Disconnected } from "../../../src/channel/mod.ts";
import { StreamChannel } from "../../../src/channel/stream_channel.ts";
import { memoryPair } from "../../../src/socket/memory_pair.ts";

function pair(): [StreamChannel, StreamChannel] {
  const channels: StreamChannel[] = [];
  memoryPair(
    (socket) => (channels[0] = new StreamChannel({ name: "left", socket, framing: "length" })).handler,
    (socket) => (channels[1] = new StreamChannel({ name: "right", socket })).handler,
  );
  const [left, right] = channels;
  assert(left !== undefined && right !== undefined);
  return [left, right];
}

Deno.test("memoryPair() carries a channel both ways, without the system", async () => {
  const [left, right] = pair();
  const count = 10_000;
  const sending = (async () => {
    for (let i = 0; i < count; i++) await left.sendJson(i);
  })();
  for (let i = 0; i < count; i++) assertEquals((await right.recv()).data, i);
  await sending;
  await right.sendJson("back");
  assertEquals((await left.recv()).data, "back");
  await left.close();
  await right.closed;
  await assertRejects(() => right.recv(), Disconnected);
});

Deno.test("memoryPair() holds a paused reader's bytes, and the close that follows them", async () => {
  const [left, right] = pair();
  const sending = (async () => {
    for (let i = 0; i < 20_000; i++) await left.sendJson({ i, text: "x".repeat(100) });
    await left.close();
  })();
  await delay(20);
  let next = 0;
  for await (const { data } of right) assertEquals((data as { i: number }).i, next++);
  assertEquals(next, 20_000);
  await sending;
});
