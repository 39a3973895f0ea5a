import { assertEquals, assertRejects } from "@std/assert";
import {
  Disconnected,
  type IpcChannel,
  type Message,
  PortChannel,
  Serialization,
} from "../../../../src/channel/mod.ts";
import { until } from "../../../support/until.ts";

function pair(capacity?: number): [PortChannel, PortChannel] {
  const { port1, port2 } = new MessageChannel();
  return [new PortChannel("ports", port1, capacity), new PortChannel("ports", port2, capacity)];
}

async function closeBoth(...channels: IpcChannel[]): Promise<void> {
  await Promise.all(channels.map((channel) => channel.close()));
}

Deno.test("messages cross a pair of ports in order, both ways", async () => {
  const [near, far] = pair();
  for (let n = 0; n < 10_000; n++) void near.sendJson(n).catch(() => {});
  for (let n = 0; n < 10_000; n++) assertEquals((await far.recv()).data, n);
  await far.emit("back", "ü");
  assertEquals(await near.recv(), { type: "event", event: "back", data: "ü" });
  await closeBoth(near, far);
});

Deno.test("messages of every kind in one turn arrive as they were sent, in order", async () => {
  const [near, far] = pair(4);
  const messages: Message[] = [
    { type: "data", data: 1 },
    { type: "data", data: [2] },
    { type: "data", data: undefined },
    { type: "event", event: "e", data: { when: new Date(5) } },
    { type: "data", data: new Uint8Array([1, 2]) },
    { type: "data", data: 3, seq: 4 },
    { type: "data" },
    { type: "ready" },
    { type: "data", data: "last" },
  ];
  const sent = Promise.all(messages.map((message) => near.send(message)));
  for (const message of messages) assertEquals(await far.recv(), message);
  await sent;
  await closeBoth(near, far);
});

Deno.test("what a sender changes after it was sent arrives as it was", async () => {
  const [near, far] = pair(6);
  const data = { n: 0, list: [0] };
  for (let n = 1; n <= 4; n++) {
    data.n = n;
    data.list[0] = n;
    await near.sendJson(data);
  }
  const event: Message = { type: "event", event: "e", data };
  for (let n = 5; n <= 6; n++) {
    data.n = n;
    data.list[0] = n;
    await near.send(event);
  }
  // No room: it is copied while it waits, too.
  data.n = data.list[0] = 7;
  const waiting = near.sendJson(data);
  data.n = 8;
  for (let n = 1; n <= 7; n++) assertEquals((await far.recv()).data, { n, list: [n] });
  await waiting;
  await closeBoth(near, far);
});

Deno.test("what cannot be cloned fails its own send or request; what goes with it and after it arrives", async () => {
  const [near, far] = pair();
  await near.sendJson("first");
  const before = near.sendJson("before");
  await assertRejects(() => near.sendJson(() => 1), Serialization, "Cannot send on channel");
  await assertRejects(() => near.sendJson({ deep: [Symbol("s")] }), Serialization);
  await assertRejects(() => near.sendJson(Symbol("s")), Serialization);
  await assertRejects(() => near.emit("e", { call: () => {} }), Serialization);
  await assertRejects(() => near.request("method", { call: () => {} }), Serialization);
  await before;
  await near.sendJson("after");
  const got = [await far.recv(), await far.recv(), await far.recv()].map(({ data }) => data);
  assertEquals(got, ["first", "before", "after"]);
  await closeBoth(near, far);
});

Deno.test("a sender waits while the other side has not taken what it may hold", async () => {
  const [near, far] = pair(2);
  await near.sendJson(1);
  await near.sendJson(2);
  let accepted = false;
  const third = near.sendJson(3).then(() => accepted = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(accepted, false);
  assertEquals((await far.recv()).data, 1);
  await third;
  assertEquals([(await far.recv()).data, (await far.recv()).data], [2, 3]);
  await closeBoth(near, far);
});

Deno.test("sides with different capacities go on, each within its own", async () => {
  const { port1, port2 } = new MessageChannel();
  const [near, far] = [new PortChannel("few", port1, 3), new PortChannel("many", port2, 100)];
  for (const [from, to] of [[near, far], [far, near]] as const) {
    const sent = (async () => {
      for (let n = 0; n < 250; n++) await from.sendJson(n);
    })();
    for (let n = 0; n < 250; n++) assertEquals((await to.recv({ timeoutMs: 20_000 })).data, n);
    await sent;
  }
  await closeBoth(near, far);
});

Deno.test("a send that waits can be given up, and is then certain not to be sent", async () => {
  const [near, far] = pair(1);
  await near.sendJson(1);
  const abort = new AbortController();
  const waiting = near.send({ type: "data", data: 2 }, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await far.recv();
  await near.sendJson(3);
  assertEquals((await far.recv()).data, 3);
  await closeBoth(near, far);
});

Deno.test("a close lets what arrived be received, then both sides are disconnected", async () => {
  const [near, far] = pair();
  await near.sendJson(1);
  await near.close();
  assertEquals((await far.recv()).data, 1);
  await assertRejects(() => far.recv(), Disconnected, "closed it");
  await assertRejects(() => near.sendJson(2), Disconnected);
});

Deno.test("a worker answers over a port of its own", async () => {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL("../../../support/echo_worker.ts", import.meta.url), { type: "module" });
  worker.postMessage(port2, [port2]);
  const channel = new PortChannel("worker", port1);
  assertEquals(await channel.request("echo", { n: 1 }), { n: 1 });
  const got: Message[] = [];
  channel.onMessage((message) => got.push(message));
  for (let n = 0; n < 3_000; n++) await channel.sendJson(n);
  await until(() => got.length, "all have come", { passes: (count) => count >= 3_000 });
  assertEquals(got.map(({ data }) => data), Array.from({ length: 3_000 }, (_, n) => n));
  await channel.close();
  worker.terminate();
});
