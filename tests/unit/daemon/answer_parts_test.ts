/** Answers larger than a frame, as the daemon sends them and its client puts them together. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Disconnected } from "../../../src/channel/errors.ts";
import { DaemonClient } from "../../../src/client/daemon_client.ts";
import { PARTS, PROTOCOL_RANGE } from "../../../src/protocol/protocol_range.ts";
import { RequestError } from "../../../src/protocol/wire_error.ts";
import { LIMITS } from "../../../src/socket/limits.ts";
import { memoryPair } from "../../../src/socket/memory_pair.ts";
import type { Socket } from "../../../src/socket/mod.ts";
import {
  daemonHarness,
  type FakeClient,
  type Harness,
  request,
  settle,
  turn,
  written,
} from "../../support/daemon_harness.ts";

const LINES = Array.from({ length: 50_000 }, (_, n) => `line ${n} "of" a long answer`);
const HELLO = { client: "test", protocol: PROTOCOL_RANGE, capabilities: [PARTS] };

/** One turn of the event loop: a connection sends a part in each. */
type Sent = Record<string, unknown>;

/** Turns until a message that is not a part comes; gives all that came. */
async function untilWhole(client: FakeClient): Promise<Sent[]> {
  for (const all: Sent[] = [];;) {
    await turn();
    all.push(...client.socket.take());
    if (all.some(({ type }) => type === "response")) return all;
  }
}

function kinds(messages: Sent[]): string[] {
  return messages.map(({ type, id, event }) => `${type} ${id ?? event}`);
}

function errorOf(message: Sent | undefined): RequestError {
  return RequestError.from(message?.["error"] as { name: string; message: string; data?: unknown });
}

async function introduced(harness: Harness): Promise<FakeClient> {
  const client = harness.connect();
  await client.ask(request("hello", HELLO, "hello"));
  return client;
}

/** A client of the harness, over a pair in memory; `end` is its socket. */
async function connected(harness: Harness): Promise<{ client: DaemonClient; end: Socket }> {
  let end: Socket | undefined;
  const client = await DaemonClient.inMemory((attach) => {
    const [left] = memoryPair(attach, (socket) => harness.server.accept(socket));
    return end = left;
  }, { client: "test", version: "1", maxFrameBytes: LIMITS.frame });
  assert(end !== undefined);
  return { client, end };
}

Deno.test("a client that said so gets an answer larger than a frame, by bytes or by keys", async () => {
  const snapshot = Object.fromEntries(LINES.map((line) => [line, 0]));
  await using harness = daemonHarness({ lines: LINES, snapshot });
  await using client = (await connected(harness)).client;
  assertEquals((await client.request("log.tail", {})).lines, LINES);
  assertEquals((await client.request("events.subscribe", {})).snapshot, snapshot);
});

Deno.test("a client that did not say so gets an error that names the next step", async () => {
  await using harness = daemonHarness({ lines: LINES });
  const client = harness.connect();
  for (const hello of [undefined, request("hello", { ...HELLO, capabilities: ["other"] }, "hello")]) {
    if (hello !== undefined) await client.ask(hello);
    const [answer] = await client.ask(request("log.tail"));
    assertStringIncludes(errorOf(answer).message, "at most 1048576 are allowed");
    assertStringIncludes(JSON.stringify(errorOf(answer).data), 'capability \\"parts\\"');
  }
});

Deno.test("other answers and events go between the parts of a large one", async () => {
  await using harness = daemonHarness({ lines: LINES });
  const client = await introduced(harness);
  await client.ask(request("events.subscribe", { types: ["user.*"] }, "stream"));
  client.send(request("log.tail", {}, "large"));
  await turn();
  harness.hub.publish("user.news", 1);
  client.send(request("daemon.ping", {}, "small"));
  await written();
  const soon = kinds(client.socket.take());
  assertEquals(soon.filter((kind) => kind === "part large").length <= 2, true, soon.join(", "));
  assertEquals(soon.filter((kind) => kind !== "part large").sort(), ["event user.news", "response small"]);
  const rest = await untilWhole(client);
  assertEquals(kinds(rest).at(-1), "response large");
});

Deno.test("of two large answers, parts go in turns", async () => {
  await using harness = daemonHarness({ lines: LINES });
  const client = await introduced(harness);
  client.send(request("log.tail", {}, "1"), request("log.tail", {}, "2"));
  const sent = kinds(await untilWhole(client));
  assertEquals(sent.slice(0, 4), ["part 1", "part 2", "part 1", "part 2"]);
});

Deno.test("a client that does not read gets no further part, and the rest when it reads", async () => {
  await using harness = daemonHarness({ lines: LINES });
  const client = await introduced(harness);
  client.socket.stalled = true;
  client.send(request("log.tail", {}, "large"));
  for (let i = 0; i < 20; i++) await turn();
  assertEquals(kinds(client.socket.take()), ["part large"]);
  // Its requests are read meanwhile, which is how it can cancel.
  assertEquals(client.socket.paused, false);
  for (let i = 0; i < 3; i++) {
    client.handler.drain();
    await settle();
    assertEquals(kinds(client.socket.take()), ["part large"]);
  }
  client.socket.stalled = false;
  client.handler.drain();
  assertEquals(kinds(await untilWhole(client)).at(-1), "response large");
});

Deno.test("cancel ends an answer in the middle; its id is in flight until then", async () => {
  await using harness = daemonHarness({ lines: LINES });
  const client = await introduced(harness);
  client.send(request("log.tail", {}, "large"));
  await turn();
  const [again] = (await client.ask(request("daemon.ping", {}, "large"))).filter(({ error }) => error);
  assertStringIncludes(errorOf(again).message, "already in flight");
  const answers = await client.ask(request("cancel", { id: "large" }, "cancel"));
  assertEquals(kinds(answers.filter(({ type }) => type === "response")), [
    "response large",
    "response cancel",
  ]);
  assertEquals(errorOf(answers.find(({ id }) => id === "large")).errorName, "cancelled");
  for (let i = 0; i < 5; i++) await turn();
  assertEquals(client.socket.take(), []);
  assertEquals(harness.server.requestsInFlight, 0);
});

Deno.test("events of a subscription follow its snapshot, however large that is", async () => {
  await using harness = daemonHarness({ snapshot: { lines: LINES } });
  const client = await introduced(harness);
  client.send(request("events.subscribe", {}, "stream"));
  await turn();
  harness.hub.publish("user.news", 1);
  const sent = await untilWhole(client);
  harness.hub.publish("user.news", 2);
  await written();
  assertEquals(kinds([...sent, ...client.socket.take()]).filter((kind) => kind !== "part stream"), [
    "response stream",
    "event user.news",
    "event user.news",
  ]);
});

Deno.test("a subscription whose snapshot is not sent is none", async () => {
  await using harness = daemonHarness({ snapshot: { lines: LINES } });
  const without = harness.connect();
  await without.ask(request("events.subscribe", {}, "1"));
  const cancelled = await introduced(harness);
  cancelled.send(request("events.subscribe", {}, "1"));
  await turn();
  await cancelled.ask(request("cancel", { id: "1" }, "2"));
  harness.hub.publish("user.news", 1);
  await turn();
  assertEquals([without.socket.take(), cancelled.socket.take()], [[], []]);
  assertEquals([...harness.server.connections.values()].map(({ subscriptions }) => subscriptions.size), [
    0,
    0,
  ]);
});

Deno.test("a client that has shut down its sending side gets the whole answer before the daemon closes", async () => {
  await using harness = daemonHarness({ lines: LINES });
  const client = await introduced(harness);
  client.send(request("log.tail", {}, "large"));
  await settle();
  client.handler.end?.();
  assertEquals(kinds(await untilWhole(client)).at(-1), "response large");
  await settle();
  assertEquals(client.socket.closed, true);
});

Deno.test("answers on their way have the limit together; the one that passes it is an error", async () => {
  const most = Math.floor(LIMITS.answer / 2);
  await using harness = daemonHarness({ lines: ["x".repeat(most)] });
  const client = await introduced(harness);
  client.socket.stalled = true;
  client.send(request("log.tail", {}, "1"), request("log.tail", {}, "2"));
  await settle();
  const [refused] = client.socket.take().filter(({ type }) => type === "response");
  assertEquals(refused?.["id"], "2");
  assertStringIncludes(errorOf(refused).message, `more than ${LIMITS.answer} bytes together`);
});

Deno.test("a connection that ends in the middle of an answer rejects the request", async () => {
  await using harness = daemonHarness({ lines: LINES });
  const { client, end } = await connected(harness);
  const answer = client.request("log.tail", {});
  await turn();
  end.close();
  await assertRejects(() => answer, Disconnected);
  assertEquals(harness.server.requestsInFlight, 0);
});

Deno.test("an event that is larger than a frame is missed, and ends neither subscribers nor its request", async () => {
  const large = "x".repeat(LIMITS.frame - 20);
  await using harness = daemonHarness({ ping: (call) => call.progress("said", large) });
  const client = await introduced(harness);
  const sent = await client.ask(
    request("events.subscribe", { types: ["user.*"] }, "1"),
    request("daemon.ping", {}, "2"),
  );
  for (const data of [large, 1]) harness.hub.publish("user.news", data);
  await written();
  sent.push(...client.socket.take());
  assertEquals(sent.filter(({ type }) => type === "event").map(({ event, id, data }) => [event, id, data]), [
    ["relay.lagged", "2", { dropped: 1 }],
    ["lagged", undefined, { from: 1, to: 1, dropped: 1 }],
    ["user.news", undefined, 1],
  ]);
  assertEquals(sent.filter(({ type }) => type === "response").length, 2);
});

Deno.test("an answer above the usual size of a frame comes in parts although the daemon's setting allows more", async () => {
  await using harness = daemonHarness({ lines: LINES, limits: { frame: LIMITS.frameCeiling } });
  await using client = (await connected(harness)).client;
  assertEquals((await client.request("log.tail", {})).lines, LINES);
});
