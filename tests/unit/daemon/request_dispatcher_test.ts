import { assertEquals, assertMatch } from "@std/assert";
import { RequestError } from "../../../src/protocol/wire_error.ts";
import { daemonHarness, request, settle } from "../../support/daemon_harness.ts";
import { until } from "../../support/until.ts";

const PONG = { uptime_secs: 1, cached_runtimes: 0 };

function errorOf(
  message: Record<string, unknown> | undefined,
): { name: string; code: number; message: string; data?: unknown } {
  return message?.["error"] as { name: string; code: number; message: string; data?: unknown };
}

Deno.test("a first request without hello is served", async () => {
  await using harness = daemonHarness();
  assertEquals(await harness.connect().ask(request("daemon.ping")), [{
    type: "response",
    id: "1",
    data: PONG,
  }]);
});

Deno.test("hello is answered with the client's id and the protocol that both speak", async () => {
  await using harness = daemonHarness();
  const [answer] = await harness.connect().ask(request("hello", { client: "test", protocol: [1, 9] }));
  const ack = answer?.["data"] as Record<string, unknown>;
  assertMatch(String(ack["client_id"]), /^[0-9a-f]{12}$/);
  assertEquals([ack["protocol"], ack["version"], ack["epoch"], ack["seq"]], [
    1,
    "1.2.3",
    harness.hub.epoch,
    0,
  ]);
});

Deno.test("hello with a protocol range that the daemon does not meet is refused, naming both", async () => {
  await using harness = daemonHarness();
  const [answer] = await harness.connect().ask(request("hello", { client: "test", protocol: [7, 9] }));
  assertEquals(errorOf(answer).name, "unsupported_protocol");
  assertMatch(errorOf(answer).message, /7 to 9.*1 to 1/);
});

Deno.test("an unknown method is refused with the list of methods, and the connection lives", async () => {
  await using harness = daemonHarness();
  const client = harness.connect();
  const [refused, answered] = await client.ask(request("daemon.pong"), request("daemon.ping", {}, "2"));
  assertEquals([errorOf(refused).code, errorOf(refused).name], [-32601, "method_not_found"]);
  assertEquals(answered?.["data"], PONG);
});

Deno.test("wrong parameters are refused with the field's name", async () => {
  await using harness = daemonHarness();
  const rows: [unknown, string][] = [
    [{ client: 5, protocol: [1, 1] }, "client"],
    [{ protocol: [1, 1] }, "client"],
    [{ client: "x", protocol: ["1", 1] }, "protocol.0"],
    [[], ""],
  ];
  for (const [params, path] of rows) {
    const [answer] = await harness.connect().ask(request("hello", params));
    assertEquals([errorOf(answer).name, (errorOf(answer).data as { path: string }).path], [
      "invalid_params",
      path,
    ]);
  }
});

Deno.test("a method's unknown parameter is refused by its name; a hello may have more than this daemon knows", async () => {
  await using harness = daemonHarness();
  const [refused] = await harness.connect().ask(request("client.list", { colour: "red" }));
  assertEquals(errorOf(refused).data, { path: "colour", expected: "never", received: '"colour"' });
  const newer = { client: "x", protocol: [1, 9], features: ["of tomorrow"] };
  const [ack] = await harness.connect().ask(request("hello", newer));
  assertEquals((ack?.["data"] as { protocol: number }).protocol, 1);
});

Deno.test("a method that throws is answered with internal_error, is counted, and the connection lives", async () => {
  await using harness = daemonHarness({
    ping: () => {
      throw new TypeError("boom");
    },
    wait: () => Promise.reject(new RangeError("bang")),
  });
  const client = harness.connect();
  const answers = await client.ask(
    request("daemon.ping"),
    request("log.tail", {}, "2"),
    request("client.list", {}, "3"),
  );
  assertEquals(answers.map((answer) => [answer["id"], errorOf(answer)?.name]), [
    ["1", "internal_error"],
    ["3", undefined],
    ["2", "internal_error"],
  ]);
  assertEquals(harness.errors.map(({ method }) => method), ["daemon.ping", "log.tail"]);
});

Deno.test("a method's own RequestError goes to the client as it is", async () => {
  await using harness = daemonHarness({
    wait: () => Promise.reject(new RequestError("not_found", "No such thing")),
  });
  const [answer] = await harness.connect().ask(request("log.tail"));
  assertEquals(errorOf(answer), { code: -32001, name: "not_found", message: "No such thing" });
  assertEquals(harness.errors, []);
});

Deno.test("requests in flight together are answered in the order in which they end", async () => {
  const finish = new Map<string, () => void>();
  let next = 1;
  await using harness = daemonHarness({
    wait: () => new Promise<void>((resolve) => finish.set(`${next++}`, resolve)),
  });
  const client = harness.connect();
  client.send(request("log.tail", {}, "a"), request("log.tail", {}, "b"), request("daemon.ping", {}, "c"));
  finish.get("2")?.();
  await settle();
  finish.get("1")?.();
  await settle();
  assertEquals(client.socket.take().map((message) => message["id"]), ["c", "b", "a"]);
});

Deno.test("cancel ends a request in flight, which answers with cancelled", async () => {
  let aborted = false;
  await using harness = daemonHarness({
    wait: (call) => {
      call.signal.addEventListener("abort", () => aborted = true);
      return new Promise(() => {});
    },
  });
  const client = harness.connect();
  const answers = await client.ask(request("log.tail", {}, "slow"), request("cancel", { id: "slow" }, "2"));
  assertEquals(answers.map((answer) => [answer["id"], answer["data"] ?? errorOf(answer).name]), [
    ["2", { cancelled: true }],
    ["slow", "cancelled"],
  ]);
  assertEquals(aborted, true);
  assertEquals((await client.ask(request("cancel", { id: "slow" })))[0]?.["data"], { cancelled: false });
});

Deno.test("a oneway request needs no id and is not answered", async () => {
  let calls = 0;
  await using harness = daemonHarness({ ping: () => calls++ });
  const answers = await harness.connect().ask(
    { type: "request", method: "daemon.ping", oneway: true },
    { type: "request", method: "daemon.ping", oneway: true, id: "1" },
  );
  assertEquals([answers, calls], [[], 2]);
});

Deno.test("a long method reports progress with the request's id before its response", async () => {
  await using harness = daemonHarness({
    wait: async (call) => {
      call.progress("install.progress", { percent: 50 });
      await Promise.resolve();
      call.progress("install.progress", { percent: 100 });
    },
  });
  const answers = await harness.connect().ask(request("test.long", {}, "7"));
  assertEquals(answers, [
    { type: "event", id: "7", event: "install.progress", data: { percent: 50 } },
    { type: "event", id: "7", event: "install.progress", data: { percent: 100 } },
    { type: "response", id: "7", data: { done: true } },
  ]);
});

Deno.test("an id that is already in flight is refused", async () => {
  await using harness = daemonHarness({ wait: () => new Promise(() => {}) });
  const client = harness.connect();
  const [answer] = await client.ask(request("log.tail", {}, "1"), request("log.tail", {}, "1"));
  assertEquals(errorOf(answer).name, "invalid_request");
});

Deno.test("requests in flight are limited: the limit is served, one more is refused", async () => {
  await using harness = daemonHarness({ limits: { requestsInFlight: 3 }, wait: () => new Promise(() => {}) });
  const client = harness.connect();
  for (const id of ["1", "2", "3"]) assertEquals(await client.ask(request("log.tail", {}, id)), []);
  const [answer] = await client.ask(request("log.tail", {}, "4"));
  assertEquals([answer?.["id"], errorOf(answer).name], ["4", "too_many"]);
});

Deno.test("a request that does not end in time is answered with timed_out; a long one goes on", async () => {
  await using harness = daemonHarness({ limits: { requestTimeoutMs: 5 }, wait: () => new Promise(() => {}) });
  const client = harness.connect();
  client.send(request("log.tail", {}, "1"), request("test.long", {}, "2"));
  await until(() => client.socket.written.length, "something is written");
  assertEquals(client.socket.take().map((answer) => [answer["id"], errorOf(answer).name]), [[
    "1",
    "timed_out",
  ]]);
});

Deno.test("a daemon that stops refuses new requests", async () => {
  const harness = daemonHarness();
  const client = harness.connect();
  const stopped = harness.server.stop({ graceMs: 0 });
  client.socket.close();
  await stopped;
  const late = harness.connect();
  assertEquals(errorOf((await late.ask(request("daemon.ping")))[0]).name, "shutting_down");
});

Deno.test("a daemon that stops waits for requests at work, and not for those that wait for others", async () => {
  const work = Promise.withResolvers<void>();
  const harness = daemonHarness({ wait: () => work.promise });
  const client = harness.connect();
  client.send(request("test.wait", {}, "1"), request("test.long", {}, "2"));
  await settle();
  const stopped = harness.server.stop({ graceMs: 60_000 });
  await settle();
  assertEquals(client.socket.take(), []);
  work.resolve();
  while (client.socket.written.length === 0) await settle();
  assertEquals(client.socket.take()[0], { type: "response", id: "2", data: { done: true } });
  client.socket.close();
  await stopped;
});
