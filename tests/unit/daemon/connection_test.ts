import { assertEquals, assertMatch } from "@std/assert";
import { CONNECTION_LIMITS } from "../../../src/daemon/connection_limits.ts";
import { Connection } from "../../../src/daemon/connection.ts";
import { daemonHarness, type FakeClient, request, settle, written } from "../../support/daemon_harness.ts";

function connectionOf(client: FakeClient): Connection {
  if (client.handler instanceof Connection) return client.handler;
  throw new Error("not a connection");
}

function subscribe(types: string[], extra: Record<string, unknown> = {}, id = "1") {
  return request("events.subscribe", { types, ...extra }, id);
}

function shown(messages: Record<string, unknown>[]): unknown[] {
  return messages.map((message) =>
    message["seq"] ?? message["event"] ?? (message["error"] as { name: string })?.name ?? "response"
  );
}

Deno.test("events.subscribe answers first, with the snapshot, and then streams what matches", async () => {
  await using harness = daemonHarness();
  const client = harness.connect();
  harness.hub.publish("app.before", 0);
  client.send(subscribe(["app.*"]));
  harness.hub.publish("app.after", 1);
  harness.hub.publish("other.after", 2);
  await written();
  const [answer, event, ...rest] = client.socket.take();
  assertEquals((answer?.["data"] as { snapshot: unknown; seq: number }).snapshot, { state: 1 });
  assertEquals([event?.["event"], event?.["seq"], event?.["data"], rest.length], ["app.after", 2, 1, 0]);
});

Deno.test("an answer comes after the events that were published before it, however many subscribers there are", async () => {
  await using harness = daemonHarness();
  const clients = Array.from({ length: 40 }, () => harness.connect());
  for (const client of clients) await client.ask(subscribe(["app.*"]));
  harness.hub.publish("app.before", 1);
  await Promise.resolve();
  await Promise.resolve();
  const last = clients.at(-1);
  last?.send(request("daemon.ping", {}, "2"));
  await written();
  assertEquals(last?.socket.take().map((message) => message["event"] ?? message["id"]), ["app.before", "2"]);
});

Deno.test("of requests that come in one write, what one publishes comes before the next one's answer", async () => {
  await using harness = daemonHarness();
  const client = harness.connect();
  const [subscribed] = await client.ask(subscribe(["user.*"]));
  const { subscription_id } = subscribed?.["data"] as { subscription_id: string };
  const requests = [
    request("events.publish", { type: "user.a" }, "2"),
    request("daemon.ping", {}, "3"),
    request("events.publish", { type: "user.b" }, "4"),
    request("no.such", {}, "5"),
    request("events.publish", { type: "user.c" }, "6"),
    request("events.unsubscribe", { subscription_id }, "7"),
    request("events.publish", { type: "user.d" }, "8"),
  ];
  client.sendText(requests.map((one) => JSON.stringify(one) + "\n").join(""));
  await written();
  assertEquals(
    client.socket.take().map((message) => message["event"] ?? message["id"]),
    ["2", "user.a", "3", "4", "user.b", "5", "6", "user.c", "7", "8"],
  );
});

Deno.test("events.subscribe since a position replays; unsubscribe ends the stream", async () => {
  await using harness = daemonHarness();
  for (let i = 0; i < 3; i++) harness.hub.publish("app.x", i);
  const client = harness.connect();
  const replay = await client.ask(subscribe([], { since: { epoch: harness.hub.epoch, seq: 1 } }));
  assertEquals(shown(replay), ["response", 2, 3]);
  const id = (replay[0]?.["data"] as { subscription_id: string }).subscription_id;
  await client.ask(request("events.unsubscribe", { subscription_id: id }, "2"));
  harness.hub.publish("app.x", 3);
  await written();
  assertEquals(client.socket.take(), []);
  const [again] = await client.ask(request("events.unsubscribe", { subscription_id: id }, "3"));
  assertEquals(shown([again ?? {}]), ["not_found"]);
});

Deno.test("subscriptions on one connection are limited: the limit is served, one more is refused", async () => {
  await using harness = daemonHarness({ limits: { subscriptions: 2 } });
  const client = harness.connect();
  const answers = await client.ask(subscribe([], {}, "1"), subscribe([], {}, "2"), subscribe([], {}, "3"));
  assertEquals(shown(answers), ["response", "response", "too_many"]);
});

Deno.test("events.publish takes types under user. alone", async () => {
  await using harness = daemonHarness();
  const client = harness.connect();
  const answers = await client.ask(
    subscribe(["user.*"]),
    request("events.publish", { type: "user.deployed", data: { to: "prod" } }, "2"),
    request("events.publish", { type: "app.log_line" }, "3"),
  );
  await written();
  answers.push(...client.socket.take());
  assertEquals(shown(answers), ["response", "response", 1, "invalid_params"]);
});

Deno.test("client.send reaches one client alone", async () => {
  await using harness = daemonHarness();
  const [sender, receiver, other] = [harness.connect(), harness.connect(), harness.connect()];
  const to = connectionOf(receiver).id;
  const answers = await sender.ask(
    request("client.send", { client_id: to, event: "user.hello", data: 1 }),
    request("client.send", { client_id: "nobody", event: "user.hello" }, "2"),
  );
  assertEquals(shown(answers), ["response", "not_found"]);
  assertEquals(receiver.socket.take(), [{ type: "event", event: "user.hello", data: 1 }]);
  assertEquals(other.socket.take(), []);
});

Deno.test("client.list shows who is connected and what they listen to", async () => {
  await using harness = daemonHarness();
  const client = harness.connect();
  await client.ask(
    request("hello", { client: "editor", version: "2", protocol: [1, 1] }),
    subscribe(["app.*"], { subject: "api" }),
  );
  const [answer] = await client.ask(request("client.list"));
  const [info] = (answer?.["data"] as { clients: Record<string, unknown>[] }).clients;
  assertEquals([info?.["name"], info?.["version"], info?.["requests"]], ["editor", "2", 3]);
  assertEquals(
    (info?.["subscriptions"] as Record<string, unknown>[]).map(({ types, subject }) => [types, subject]),
    [
      [["app.*"], "api"],
    ],
  );
});

Deno.test("ping is answered with pong of the same id", async () => {
  await using harness = daemonHarness();
  assertEquals(await harness.connect().ask({ type: "ping", id: "p" }), [{ type: "pong", id: "p" }]);
});

const badFrames: [name: string, text: string, error: string][] = [
  ["not JSON", "hello daemon\n", "parse_error"],
  ["a number", "42\n", "invalid_request"],
  ["a message of no known type", '{"type":"shout"}\n', "invalid_request"],
  ["a response, which only the daemon sends", '{"type":"response","id":"1"}\n', "invalid_request"],
  [
    "a prototype key",
    '{"type":"request","id":"1","method":"daemon.ping","data":{"__proto__":{}}}\n',
    "invalid_request",
  ],
  ["a deep nest", `{"type":"request","data":${"[".repeat(64)}${"]".repeat(64)}}\n`, "invalid_request"],
];

for (const [name, text, error] of badFrames) {
  Deno.test(`${name} is answered with ${error}, and the connection is closed`, async () => {
    await using harness = daemonHarness();
    const client = harness.connect();
    client.sendText(text + JSON.stringify(request("daemon.ping")) + "\n");
    await settle();
    assertEquals([shown(client.socket.take()), client.socket.closed], [[error], true]);
  });
}

Deno.test("a frame may be 64 KiB before hello and 1 MiB after it, and no larger", async () => {
  await using harness = daemonHarness();
  const pingOf = (bytes: number) => {
    const empty = JSON.stringify({ ...request("daemon.ping", {}), pad: "" }).length;
    return JSON.stringify({ ...request("daemon.ping", {}), pad: "x".repeat(bytes - empty) }) + "\n";
  };
  const answersTo = async (...texts: string[]) => {
    const client = harness.connect();
    for (const text of texts) client.sendText(text);
    await settle();
    return shown(client.socket.take());
  };
  const { frameBeforeHello, frame } = CONNECTION_LIMITS;
  const hello = JSON.stringify(request("hello", { client: "x", protocol: [1, 1] }, "h")) + "\n";
  assertEquals(await answersTo(pingOf(frameBeforeHello)), ["response"]);
  assertEquals(await answersTo(pingOf(frameBeforeHello + 1)), ["invalid_request"]);
  assertEquals(await answersTo(hello, pingOf(frame)), ["response", "response"]);
  assertEquals(await answersTo(hello, pingOf(frame + 1)), ["response", "invalid_request"]);
});

Deno.test("a client that does not read is not read either, above the soft limit, until it drains", async () => {
  await using harness = daemonHarness({ limits: { outputSoft: 1_000, outputHard: 100_000 } });
  const client = harness.connect();
  client.socket.stalled = true;
  for (let i = 0; i < 30; i++) client.send(request("daemon.ping", {}, `${i}`));
  await settle();
  client.send(request("daemon.ping"));
  assertEquals(client.socket.paused, true);
  client.socket.stalled = false;
  client.handler.drain();
  await settle();
  assertEquals([client.socket.paused, client.socket.closed, client.socket.take().length], [false, false, 31]);
});

Deno.test("past the hard limit a client is closed as a slow consumer", async () => {
  await using harness = daemonHarness({ limits: { outputSoft: 1_000, outputHard: 2_000 } });
  const client = harness.connect();
  client.socket.stalled = true;
  for (let i = 0; i < 60; i++) client.send(request("daemon.ping", {}, `${i}`));
  await settle();
  assertEquals(client.socket.closed, true);
});

Deno.test("a subscriber that does not read is left alone, told what it missed, and the others get all", async () => {
  await using harness = daemonHarness({ limits: { outputSoft: 2_000, outputHard: 1_000_000 } });
  const [slow, quick] = [harness.connect(), harness.connect()];
  for (const client of [slow, quick]) await client.ask(subscribe([]));
  slow.socket.stalled = true;
  for (let i = 0; i < 70_000; i++) {
    harness.hub.publish("app.x", i);
    if (i % 100 === 0) await written();
  }
  await written();
  const queued = connectionOf(slow).figures.queued_bytes;
  assertEquals([queued < 30_000, quick.socket.take().length], [true, 70_000]);
  slow.socket.stalled = false;
  slow.handler.drain();
  await settle();
  const messages = slow.socket.take();
  assertEquals(messages.filter((message) => message["event"] === "lagged").length, 1);
  assertEquals(messages.at(-1)?.["seq"], 70_000);
});

Deno.test("a client that reads, with many subscriptions, gets all of each and is not closed as slow", async () => {
  await using harness = daemonHarness({ limits: { outputSoft: 20_000, outputHard: 150_000 } });
  const client = harness.connect();
  for (let id = 0; id < 8; id++) await client.ask(subscribe(["app.*"], {}, `${id}`));
  client.socket.stalled = true;
  for (let i = 0; i < 60; i++) harness.hub.publish("app.x", "x".repeat(1_000));
  await written();
  for (let drains = 0; drains < 30 && !client.socket.closed; drains++) {
    client.handler.drain();
    await written();
  }
  assertEquals([client.socket.closed, client.socket.take().length], [false, 8 * 60]);
});

Deno.test("subscriptions of one connection take turns when each drain has room for one alone", async () => {
  await using harness = daemonHarness({ limits: { outputSoft: 1_000, outputHard: 50_000 } });
  const client = harness.connect();
  await client.ask(subscribe(["app.a"], {}, "a"), subscribe(["app.b"], {}, "b"));
  client.socket.stalled = true;
  for (let drains = 0; drains < 10; drains++) {
    for (const event of ["app.a", "app.b"]) harness.hub.publish(event, "x".repeat(2_000));
    await written();
    client.handler.drain();
  }
  client.socket.stalled = false;
  client.handler.drain();
  const got = client.socket.take().map(({ event }) => event);
  const shares = ["app.a", "app.b"].map((event) => got.filter((one) => one === event).length);
  assertEquals(shares.map((share) => share >= 4), [true, true]);
});

Deno.test("offer() leaves out what a full client cannot take, tells it how much when it drains, and never closes it", async () => {
  await using harness = daemonHarness({ limits: { outputSoft: 2_000, outputHard: 10_000 } });
  const client = harness.connect();
  await client.ask(request("daemon.ping"));
  client.socket.stalled = true;
  for (let i = 0; i < 1_000; i++) {
    connectionOf(client).offer("task.message", i);
    if (i % 10 === 0) await Promise.resolve();
  }
  client.socket.stalled = false;
  client.handler.drain();
  connectionOf(client).offer("task.message", "again");
  await settle();
  const told = client.socket.take();
  const kept = told.filter(({ event }) => event === "task.message").map(({ data }) => data);
  const notice = told.at(-2);
  assertEquals([notice?.["event"], notice?.["data"]], ["relay.lagged", { dropped: 1_001 - kept.length }]);
  assertEquals(kept, [...Array.from({ length: kept.length - 1 }, (_, i) => i), "again"]);
  assertEquals(client.socket.closed, false);
});

Deno.test("checkTimes() closes who sent nothing, who did not end a frame, and who does not drain", async () => {
  await using harness = daemonHarness({
    limits: { firstFrameTimeoutMs: 1_000, frameTimeoutMs: 2_000, drainTimeoutMs: 3_000 },
  });
  const [silent, half, stuck, well] = [
    harness.connect(),
    harness.connect(),
    harness.connect(),
    harness.connect(),
  ];
  half.send(request("daemon.ping"));
  half.sendText('{"type":');
  stuck.socket.stalled = true;
  for (const client of [stuck, well]) client.send(request("daemon.ping"));
  await settle();
  const closedAfter = (ms: number) => {
    for (const client of [silent, half, stuck, well]) connectionOf(client).checkTimes(performance.now() + ms);
    return [silent, half, stuck, well].map((client) => client.socket.closed);
  };
  assertEquals(closedAfter(900), [false, false, false, false]);
  assertEquals(closedAfter(1_100), [true, false, false, false]);
  assertEquals(closedAfter(2_100), [true, true, false, false]);
  assertEquals(closedAfter(3_100), [true, true, true, false]);
});

Deno.test("checkTimes() pings a quiet subscriber twice, then gives it up; any sign of life counts", async () => {
  await using harness = daemonHarness({ limits: { keepAliveMs: 1_000 } });
  const [dead, alive] = [harness.connect(), harness.connect()];
  for (const client of [dead, alive]) {
    await client.ask(request("hello", { client: "x", protocol: [1, 1] }), subscribe([]));
  }
  for (const [ms, pings] of [[900, 0], [1_100, 1], [2_100, 1]] as const) {
    for (const client of [dead, alive]) connectionOf(client).checkTimes(performance.now() + ms);
    await settle();
    assertEquals(dead.socket.take().filter((message) => message["type"] === "ping").length, pings);
  }
  alive.send({ type: "pong", id: "keep-alive-2" });
  for (const client of [dead, alive]) connectionOf(client).checkTimes(performance.now() + 3_100);
  assertEquals([dead.socket.closed, alive.socket.closed], [true, false]);
});

Deno.test("connections are limited: the limit is served, one more is told why, once it has spoken, and closed", async () => {
  await using harness = daemonHarness({ limits: { connections: 2 } });
  const [first, second, third] = [harness.connect(), harness.connect(), harness.connect()];
  for (const client of [first, second]) assertEquals((await client.ask(request("daemon.ping"))).length, 1);
  assertMatch(JSON.stringify(await third.ask(request("daemon.ping"))), /More than 2 connections/);
  assertEquals([first, second, third].map((client) => client.socket.closed), [false, false, true]);
});

Deno.test("one connection too many that says nothing is closed, and so is any past those that wait to be told", async () => {
  await using harness = daemonHarness({ limits: { connections: 1, silentConnections: 1 } });
  const [, waiting, past] = [harness.connect(), harness.connect(), harness.connect()];
  assertEquals([waiting.socket.closed, past.socket.closed], [false, true]);
  connectionOf(waiting).checkTimes(performance.now() + 2_100);
  assertEquals(waiting.socket.closed, true);
});

Deno.test("of connections that have sent nothing, the oldest makes way, and none that has spoken", async () => {
  await using harness = daemonHarness({ limits: { silentConnections: 1, silentGraceMs: 0 } });
  const first = harness.connect();
  await first.ask(request("daemon.ping"));
  const others = [harness.connect(), harness.connect()];
  await settle();
  assertEquals([first, ...others].map((client) => client.socket.closed), [false, true, false]);
  assertEquals(others[0]?.socket.written, []);
});

Deno.test("silent connections make way where all connections are taken, and many new ones do not end each other", async () => {
  for (const silentGraceMs of [0, 60_000]) {
    await using harness = daemonHarness({ limits: { connections: 3, silentConnections: 2, silentGraceMs } });
    const first = harness.connect();
    await first.ask(request("daemon.ping"));
    const others = [harness.connect(), harness.connect(), harness.connect()];
    await settle();
    assertEquals(others.map((client) => client.socket.closed), [silentGraceMs === 0, false, false]);
    const answer = JSON.stringify(await others[2]?.ask(request("daemon.ping")));
    assertEquals([silentGraceMs, answer.includes("too_many")], [silentGraceMs, silentGraceMs > 0]);
  }
});

Deno.test("a client that came when all connections were taken is served when it speaks after one was left", async () => {
  await using harness = daemonHarness({ limits: { connections: 1, reservedConnections: 0 } });
  const first = harness.connect();
  await first.ask(request("daemon.ping"));
  const [early, patient] = [harness.connect(), harness.connect()];
  assertMatch(JSON.stringify(await early.ask(request("daemon.ping"))), /More than 1 connections/);
  first.socket.close();
  await settle();
  assertEquals(shown(await patient.ask(request("daemon.ping"))), ["response"]);
});

Deno.test("a client that looks after the daemon gets one of the reserved connections, and no other client does", async () => {
  await using harness = daemonHarness({ limits: { connections: 1, reservedConnections: 1 } });
  const first = harness.connect();
  await first.ask(request("daemon.ping"));
  const hello = (...capabilities: string[]) =>
    request("hello", { client: "x", protocol: [1, 1], capabilities });
  const [usual, control, second] = [harness.connect(), harness.connect(), harness.connect()];
  assertMatch(JSON.stringify(await usual.ask(hello("parts"))), /More than 1 connections/);
  assertEquals(shown(await control.ask(hello("control"))), ["response"]);
  assertEquals((await control.ask(request("daemon.ping"))).length, 1);
  assertMatch(JSON.stringify(await second.ask(hello("control"))), /More than 1 connections/);
});

Deno.test("the end of a connection cancels what it had in flight and its subscriptions", async () => {
  let reason: unknown;
  await using harness = daemonHarness({
    wait: (call) =>
      new Promise(() => call.signal.addEventListener("abort", () => reason = call.signal.reason)),
  });
  const client = harness.connect();
  client.send(subscribe([]), request("log.tail", {}, "2"));
  await settle();
  client.socket.close();
  await settle();
  assertMatch(String(reason), /connection was closed/);
  assertEquals(harness.server.connections.size, 0);
  client.socket.take();
  harness.hub.publish("app.x", 1);
  await settle();
  assertEquals(client.socket.take(), []);
});

Deno.test("a connection that is stopped sends what was published before", async () => {
  await using harness = daemonHarness();
  const client = harness.connect();
  await client.ask(subscribe([]));
  harness.hub.publish("app.x", 1);
  connectionOf(client).stop("the daemon stops");
  assertEquals(shown(client.socket.take()), [1]);
  await written();
  assertEquals([client.socket.closed, client.socket.take()], [true, []]);
});
