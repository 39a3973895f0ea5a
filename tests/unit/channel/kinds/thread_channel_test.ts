import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  ChannelError,
  Disconnected,
  SendFailed,
  ThreadChannel,
  TimedOut,
} from "../../../../src/channel/mod.ts";
import { LIMITS } from "../../../../src/socket/limits.ts";

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

Deno.test("a listener that is added late hears what had arrived, and what waited for room, in order", async () => {
  const [near, far] = ThreadChannel.pair("pair", 2);
  const sends = Array.from({ length: 6 }, (_, n) => near.sendJson(n));
  const heard: unknown[] = [];
  far.onMessage(({ data }) => {
    heard.push(data);
    if (data === 0) sends.push(near.sendJson("sent by the listener"));
  });
  await Promise.all(sends);
  assertEquals(heard, [0, 1, 2, 3, 4, 5, "sent by the listener"]);
  await near.close();
});

Deno.test("a listener that ends itself leaves the rest to whoever comes next", async () => {
  const [near, far] = ThreadChannel.pair("pair");
  for (let n = 0; n < 3; n++) await near.sendJson(n);
  const heard: unknown[] = [];
  let stop = () => {};
  stop = far.onMessage(({ data }) => {
    heard.push(data);
    stop();
  });
  stop();
  far.onMessage(({ data }) => heard.push(data))();
  assertEquals(heard, [0, 1, 2]);
  await near.close();
});

Deno.test("ThreadChannel send() fails when 65,536 sends wait that nobody waited for, and those arrive", async () => {
  const [near, far] = ThreadChannel.pair("pair", 1);
  await near.sendJson("first");
  const waiting = Array.from({ length: LIMITS.waitingSends }, (_, n) => near.sendJson(n));
  await assertRejects(() => near.sendJson("too many"), SendFailed, "is full (65536 messages)");
  assertEquals((await far.recv()).data, "first");
  for (let n = 0; n < LIMITS.waitingSends; n++) assertEquals((await far.recv()).data, n);
  await Promise.all(waiting);
  assertEquals(near.metrics().errors, 1);
  await near.close();
});
