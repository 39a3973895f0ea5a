import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { ChannelError, Disconnected, ThreadChannel, TimedOut } from "../../../src/channel/mod.ts";

Deno.test("ThreadChannel.pair() exchanges messages both ways, in order", async () => {
  const [left, right] = ThreadChannel.pair("t");
  await left.emit("a", 1);
  await left.sendJson(2);
  await right.send({ type: "pong" });
  assertEquals(await right.recv(), { type: "event", event: "a", data: 1 });
  assertEquals(right.tryRecv(), { type: "data", data: 2 });
  assertEquals(right.tryRecv(), undefined);
  assertEquals(await left.recv(), { type: "pong" });
});

Deno.test("ThreadChannel send() waits while the peer's queue is full, and goes on in order", async () => {
  const [left, right] = ThreadChannel.pair("t", 2);
  const accepted: number[] = [];
  const sends = [0, 1, 2, 3, 4].map((i) => left.sendJson(i).then(() => void accepted.push(i)));
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(accepted, [0, 1]);
  assertEquals((await right.recv()).data, 0);
  await Promise.all(sends.slice(0, 3));
  assertEquals(accepted, [0, 1, 2]);
  for (let i = 1; i < 5; i++) assertEquals((await right.recv()).data, i);
  await Promise.all(sends);
});

Deno.test("ThreadChannel send() aborted while it waits is not sent", async () => {
  const [left, right] = ThreadChannel.pair("t", 1);
  await left.sendJson("first");
  const abort = new AbortController();
  const waiting = left.sendJson("aborted", { signal: abort.signal });
  const last = left.sendJson("last");
  abort.abort(new Error("stop"));
  await assertRejects(() => waiting, Error, "stop");
  assertEquals((await right.recv()).data, "first");
  assertEquals((await right.recv()).data, "last");
  await last;
});

Deno.test("ThreadChannel close() rejects what is pending on both sides, after what has arrived", async () => {
  const [left, right] = ThreadChannel.pair("t", 1);
  await left.sendJson("arrived");
  const outcomes = Promise.allSettled([left.sendJson("waiting"), left.recv()]);
  await right.close();
  for (const outcome of await outcomes) {
    assert(outcome.status === "rejected");
    assertInstanceOf(outcome.reason, Disconnected);
    assertInstanceOf(outcome.reason, ChannelError);
  }
  await left.closed;
  await assertRejects(() => left.sendJson(1), Disconnected, "Peer");
  assertEquals((await right.recv()).data, "arrived");
  await assertRejects(() => right.recv(), Disconnected, "by this side");
});

Deno.test("ThreadChannel recv() times out and stops at an abort", async () => {
  const [left, right] = ThreadChannel.pair("t");
  await assertRejects(() => right.recv({ timeoutMs: 5 }), TimedOut);
  await assertRejects(() => right.recv({ signal: AbortSignal.abort(new Error("no")) }), Error, "no");
  await left.sendJson("kept");
  assertEquals((await right.recv({ timeoutMs: 1000 })).data, "kept");
});

Deno.test("ThreadChannel.pair() refuses a capacity below 1", () => {
  assertThrows(() => ThreadChannel.pair("t", 0), RangeError);
  assertThrows(() => ThreadChannel.pair("t", NaN), RangeError);
});
