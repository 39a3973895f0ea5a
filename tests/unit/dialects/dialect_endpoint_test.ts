import { assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Dialect } from "../../../src/dialects/dialect.ts";
import { DialectEndpoint } from "../../../src/dialects/dialect_endpoint.ts";
import { bunctlDialect } from "../../../src/dialects/bunctl.ts";
import { ipckit } from "../../../src/dialects/ipckit.ts";
import { rooDialect } from "../../../src/dialects/roo.ts";
import { vx } from "../../../src/dialects/vx.ts";
import { CONNECTION_LIMITS } from "../../../src/daemon/connection_limits.ts";
import { daemonHarness, type Harness } from "../../support/daemon_harness.ts";
import { FakeSocket } from "../../support/fake_socket.ts";

const LIMITS = {
  ...CONNECTION_LIMITS,
  silentConnections: 2,
  silentGraceMs: 0,
  firstFrameTimeoutMs: 1_000,
  frameTimeoutMs: 500,
};
const dialects: Dialect[] = [
  bunctlDialect("bunctl"),
  ipckit,
  rooDialect("roo"),
  rooDialect("codex-lines"),
  vx,
];

function endpointOf(dialect: Dialect, harness: Harness, strangersMayRead = false, limits = LIMITS) {
  const errors: unknown[] = [];
  const endpoint = new DialectEndpoint(dialect, {
    version: "0",
    strangersMayRead,
    limits: () => limits,
    accept: (socket) => harness.server.accept(socket),
    onInternalError: (_, error) => errors.push(error),
  });
  const connect = () => {
    const socket = new FakeSocket();
    const handler = endpoint.accept(socket);
    socket.handler = handler;
    return {
      socket,
      send: (bytes: Uint8Array) => handler.data(Buffer.from(bytes)),
      text: () => Buffer.concat(socket.written).toString("utf8"),
    };
  };
  return { endpoint, connect, errors };
}

/** Lets the pair in memory and what waits for it do their work. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

for (const dialect of dialects) {
  Deno.test(`${dialect.name}: a peer that does not end its message is told why, and closed`, async () => {
    await using harness = daemonHarness();
    const { endpoint, connect, errors } = endpointOf(dialect, harness);
    const before = performance.now();
    const peer = connect();
    const length = dialect.framing === "length" ? [16, 0, 0, 0] : [];
    peer.send(Uint8Array.of(...length, ...new TextEncoder().encode('{"half')));
    const after = performance.now();
    await settled();
    endpoint.checkTimes(before + 400);
    assertEquals(peer.socket.closed, false);
    endpoint.checkTimes(after + 600);
    assertEquals([peer.socket.closed, errors], [true, []]);
    assertStringIncludes(peer.text(), "A message did not end within 0.5 s");
  });

  const room = dialect.mayStaySilent ? "one more is told why" : "one more makes the oldest go";
  Deno.test(`${dialect.name}: as many silent peers as the limit stay, ${room}`, async () => {
    await using harness = daemonHarness();
    const { connect, errors } = endpointOf(dialect, harness);
    const peers = [connect(), connect(), connect()];
    await settled();
    const gone = dialect.mayStaySilent ? 2 : 0;
    assertEquals(peers.map(({ socket }) => socket.closed), [0, 1, 2].map((place) => place === gone));
    assertStringIncludes(peers[gone]?.text() ?? "", "More than 2 connections that have sent nothing yet");
    assertEquals([harness.server.connections.size, errors], [2, []]);
  });

  const silence = dialect.mayStaySilent ? "may stay silent" : "that says nothing is told why, and closed";
  Deno.test(`${dialect.name}: a peer ${silence}`, async () => {
    await using harness = daemonHarness();
    const { endpoint, connect } = endpointOf(dialect, harness);
    const peer = connect();
    await settled();
    endpoint.checkTimes(performance.now() + 1_100);
    assertEquals(peer.socket.closed, !dialect.mayStaySilent);
    assertEquals(peer.text().includes("No message within 1 s"), !dialect.mayStaySilent);
  });
}

Deno.test("many new peers of a dialect do not end each other, and one that spoke stays", async () => {
  await using harness = daemonHarness();
  const { endpoint, connect } = endpointOf(vx, harness, false, { ...LIMITS, silentGraceMs: 60_000 });
  const peers = [connect(), connect(), connect(), connect(), connect()];
  await settled();
  assertEquals(peers.map(({ socket }) => socket.closed), [false, false, false, false, true]);
  peers[0]?.send(new TextEncoder().encode('{"Ping":null}\n'));
  endpoint.checkTimes(performance.now());
  assertEquals(peers[0]?.socket.closed, false);
});

Deno.test("a peer that the daemon has no room for is told so in its own words, which is no internal error", async () => {
  await using harness = daemonHarness({ limits: { connections: 1 } });
  const { connect, errors } = endpointOf(bunctlDialect("bunctl"), harness);
  const peers = [connect(), connect()];
  await settled();
  assertEquals([peers.map(({ socket }) => socket.closed), errors], [[false, true], []]);
});

Deno.test("roo: where other users may read, events come from a client's first message on", async () => {
  await using harness = daemonHarness();
  for (const strangersMayRead of [false, true]) {
    const { connect } = endpointOf(rooDialect("roo"), harness, strangersMayRead);
    const quiet = connect();
    const speaking = connect();
    await settled();
    speaking.send(new TextEncoder().encode(
      '{"type":"message","data":{"type":"TaskCommand","origin":"client","data":{"commandName":"CancelTask","data":"none"}}}\f',
    ));
    await settled();
    harness.hub.publish("task.idle", { id: "t1", task: "agent" }, { subject: "agent" });
    await settled();
    const heard = (peer: typeof quiet) => ["Ack", "taskIdle"].filter((word) => peer.text().includes(word));
    assertEquals(heard(speaking), ["Ack", "taskIdle"]);
    assertEquals(heard(quiet), strangersMayRead ? ["Ack"] : ["Ack", "taskIdle"]);
  }
});

Deno.test("ipckit: an event too deep for a peer's words is announced as missed, and the stream and answers go on", async () => {
  await using harness = daemonHarness();
  const { connect, errors } = endpointOf(ipckit, harness);
  const peer = connect();
  const say = (method: string, params: unknown) => {
    const text = Buffer.from(JSON.stringify({ msg_type: "request", payload: { method, params } }));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    peer.send(Buffer.concat([length, text]));
  };
  await settled();
  say("events.subscribe", { types: ["user.*"] });
  await settled();
  const before = peer.text().length;
  let deep: unknown = 1;
  for (let depth = 0; depth < 63; depth++) deep = [deep];
  harness.hub.publish("user.deep", deep);
  // In the same write as the one before.
  harness.hub.publish("user.beside", 1);
  await settled();
  harness.hub.publish("user.after", 2);
  say("daemon.ping", {});
  await settled();
  const heard = peer.text().slice(before);
  const words = ["user.deep", "lagged", "user.beside", "user.after", "uptime_secs"];
  assertEquals(words.filter((word) => heard.includes(word)), words.slice(1));
  assertEquals([errors, peer.socket.closed], [[], false]);
});

Deno.test("a session that fails on an event goes on with the next ones, and the fault is reported", async () => {
  await using harness = daemonHarness();
  const heard: string[] = [];
  const faulty: Dialect = {
    ...vx,
    open: (_, daemon) => {
      void daemon.request("events.subscribe", { types: ["user.*"] });
      return {
        message: () => Promise.resolve(),
        heard: ({ event }) => {
          heard.push(event);
          if (event === "user.one") throw new Error("no word for it");
        },
      };
    },
  };
  const { connect, errors } = endpointOf(faulty, harness);
  connect();
  await settled();
  for (const event of ["user.one", "user.two"]) harness.hub.publish(event, 1);
  await settled();
  harness.hub.publish("user.three", 1);
  await settled();
  assertEquals(heard, ["user.one", "user.two", "user.three"]);
  assertEquals(errors.map(String), ["Error: no word for it"]);
});

Deno.test("a session that cannot be opened leaves no client of the daemon behind", async () => {
  await using harness = daemonHarness();
  const broken: Dialect = {
    ...vx,
    open: () => {
      throw new Error("no session");
    },
  };
  const { endpoint, connect, errors } = endpointOf(broken, harness);
  const peer = connect();
  await settled();
  assertEquals([peer.socket.closed, endpoint.size, harness.server.connections.size], [true, 0, 0]);
  assertEquals(errors.map(String), ["Error: no session"]);
});
