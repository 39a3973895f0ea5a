/**
 * What a local socket channel promises, as cases that need nothing of a test runner: `deno test` runs them
 * under Deno, and transport_peer.ts runs the same ones under Bun.
 */
import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { existsSync, lstatSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { connect as netConnect, type Socket as NetSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import {
  type ConnectOptions,
  Disconnected,
  type IpcChannel,
  type ListenOptions,
  LocalSocketChannel,
  LocalSocketServer,
  ReceiveFailed,
  SendFailed,
  Serialization,
  ShuttingDown,
  TimedOut,
} from "../../src/channel/mod.ts";
import { LIMITS } from "../../src/socket/limits.ts";
import { connect, listen } from "../../src/socket/mod.ts";
import { rawConnect } from "./raw_peer.ts";

export interface TransportCase {
  name: string;
  /**
   * What it needs that is not everywhere: files of sockets; that the name of a live pipe is refused (Wine 8
   * does not); that a paused socket is not read (Node reads on from pipes).
   */
  needs?: "files" | "exclusive names" | "peers that pause";
  run(): Promise<void>;
}

interface Ends {
  server: LocalSocketServer;
  near: IpcChannel;
  far: IpcChannel;
}

const SOON = { timeoutMs: 10_000 };

let cases = 0;

/** Pipes have no directory that would keep one case's apart from the next one's. */
function caseName(): string {
  return `case-${process.pid}-${cases}`;
}

async function inDirectory(fn: (env: Record<string, string>) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "haft-t-"));
  cases++;
  try {
    await fn({ XDG_RUNTIME_DIR: directory });
  } finally {
    // Pipes leave nothing in it, and Wine cannot remove more than that for Bun.
    if (process.platform === "win32") rmdirSync(directory);
    else rmSync(directory, { recursive: true, force: true });
  }
}

/** A connected pair, closed afterwards. */
function connected(
  fn: (ends: Ends) => Promise<void>,
  options: { listen?: ListenOptions; connect?: ConnectOptions } = {},
): () => Promise<void> {
  return () =>
    inDirectory(async (env) => {
      await using server = await LocalSocketServer.listen(caseName(), { env, ...options.listen });
      await using near = await LocalSocketChannel.connect(caseName(), { env, ...options.connect });
      await using far = await server.accept(SOON);
      await fn({ server, near, far });
    });
}

interface Raw {
  socket: NetSocket;
  /** All that the server sent, once it has closed the connection. */
  ended: Promise<Buffer>;
}

/** A server, and a peer that writes what it likes. */
function raw(
  fn: (server: LocalSocketServer, peer: Raw) => Promise<void>,
  options: ListenOptions = {},
): () => Promise<void> {
  return () =>
    inDirectory(async (env) => {
      await using server = await LocalSocketServer.listen(caseName(), { env, ...options });
      const socket = await rawConnect(server.path);
      const chunks: Buffer[] = [];
      socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
      socket.on("error", () => {});
      const ended = new Promise<Buffer>((resolve) =>
        socket.on("close", () => resolve(Buffer.concat(chunks)))
      );
      try {
        await fn(server, { socket, ended });
      } finally {
        socket.destroy();
        await ended;
      }
    });
}

function lengthFrame(json: string): Buffer {
  const body = Buffer.from(json);
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32LE(body.length);
  body.copy(frame, 4);
  return frame;
}

/** A data message whose JSON text has exactly this many bytes. */
function messageOf(bytes: number) {
  const empty = JSON.stringify({ type: "data", data: "" }).length;
  return { type: "data" as const, data: "x".repeat(bytes - empty) };
}

async function numbers(channel: IpcChannel, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const message = await channel.recv(SOON);
    if (message.data !== i) {
      throw new Error(`Expected message ${i}, got ${JSON.stringify(message).slice(0, 80)}`);
    }
  }
}

export const transportCases: TransportCase[] = [
  {
    name: "send() and recv() exchange messages both ways, lengths before frames",
    run: connected(async ({ near, far }) => {
      await near.send({ type: "request", id: "1", method: "ping", data: { text: "héllo \u{1f600} \u2028" } });
      assertEquals(await far.recv(SOON), {
        type: "request",
        id: "1",
        method: "ping",
        data: { text: "héllo \u{1f600} \u2028" },
      });
      await far.sendJson([1, null, "x"]);
      assertEquals(await near.recv(SOON), { type: "data", data: [1, null, "x"] });
      await far.emit("tick");
      assertEquals(await near.recv(SOON), { type: "event", event: "tick" });
    }),
  },
  {
    name: "send() and recv() exchange messages both ways, a line each",
    run: connected(async ({ near, far }) => {
      await near.sendJson({ text: "two\nlines" });
      assertEquals((await far.recv(SOON)).data, { text: "two\nlines" });
      await far.sendJson("ü");
      assertEquals((await near.recv(SOON)).data, "ü");
    }, { connect: { framing: "lines" } }),
  },
  {
    name: "accept() gives a channel on which the server can speak first",
    run: connected(async ({ near, far }) => {
      await far.sendJson("welcome");
      assertEquals((await near.recv(SOON)).data, "welcome");
    }),
  },
  {
    name: "a peer that writes lines by hand is answered in lines",
    run: raw(async (server, { socket, ended }) => {
      socket.write('{"type":"ping"}\r\n\n  {"type":"data","data":1}\n');
      const channel = await server.accept(SOON);
      assertEquals(await channel.recv(SOON), { type: "ping" });
      assertEquals(await channel.recv(SOON), { type: "data", data: 1 });
      await channel.send({ type: "pong" });
      await channel.close();
      assertEquals((await ended).toString(), '{"type":"pong"}\n');
    }),
  },
  {
    name: "a peer that writes lengths is answered in lengths, however its bytes are cut",
    run: raw(async (server, { socket, ended }) => {
      for (const byte of lengthFrame('{"type":"ping"}')) {
        socket.write(Buffer.of(byte));
        await delay(1);
      }
      const channel = await server.accept(SOON);
      assertEquals(await channel.recv(SOON), { type: "ping" });
      await channel.send({ type: "pong" });
      await channel.close();
      assertEquals(await ended, lengthFrame('{"type":"pong"}'));
    }),
  },
  {
    name: "recv() of several readers gives each a message of its own, in the order in which they asked",
    run: connected(async ({ near, far }) => {
      const readers = Array.from({ length: 50 }, () => far.recv(SOON));
      for (let i = 0; i < 50; i++) await near.sendJson(i);
      assertEquals(
        (await Promise.all(readers)).map(({ data }) => data),
        Array.from({ length: 50 }, (_, i) => i),
      );
    }),
  },
  {
    name: "recv() times out without losing the message that comes later",
    run: connected(async ({ near, far }) => {
      await assertRejects(() => far.recv({ timeoutMs: 20 }), TimedOut, "within 20 ms");
      const next = far.recv(SOON);
      await near.sendJson("late");
      assertEquals((await next).data, "late");
    }),
  },
  {
    name: "recv() stops at an abort, and the message goes to the next reader",
    run: connected(async ({ near, far }) => {
      const abort = new AbortController();
      const first = far.recv({ signal: abort.signal });
      const second = far.recv(SOON);
      abort.abort(new Error("enough"));
      await assertRejects(() => first, Error, "enough");
      await near.sendJson("kept");
      assertEquals((await second).data, "kept");
    }),
  },
  {
    name: "tryRecv() gives what has arrived and never waits",
    run: connected(async ({ near, far }) => {
      assertEquals(far.tryRecv(), undefined);
      await near.sendJson(1);
      await near.sendJson(2);
      assertEquals((await far.recv(SOON)).data, 1);
      let second = far.tryRecv();
      while (second === undefined) {
        await delay(1);
        second = far.tryRecv();
      }
      assertEquals(second.data, 2);
    }),
  },
  {
    name: "onMessage() gets what has arrived, then what arrives, until it is ended",
    run: connected(async ({ near, far }) => {
      await near.sendJson("before");
      await near.sendJson("marker");
      // Both are in the inbox once one of them can be taken and put the rest behind it.
      const seen: unknown[] = [(await far.recv(SOON)).data];
      let wake = () => {};
      const end = far.onMessage(({ data }) => {
        seen.push(data);
        wake();
      });
      while (seen.length < 2) await new Promise<void>((resolve) => wake = resolve);
      await near.sendJson("after");
      while (seen.length < 3) await new Promise<void>((resolve) => wake = resolve);
      end();
      await near.sendJson("to recv");
      assertEquals((await far.recv(SOON)).data, "to recv");
      assertEquals(seen, ["before", "marker", "after"]);
    }),
  },
  {
    name: "iteration ends when the peer closes, after all that it sent",
    run: connected(async ({ near, far }) => {
      for (let i = 0; i < 10; i++) await near.sendJson(i);
      await near.close();
      const seen: unknown[] = [];
      for await (const { data } of far) seen.push(data);
      assertEquals(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }),
  },
  {
    name: "close() rejects pending and later receives with Disconnected, on both sides",
    run: connected(async ({ near, far }) => {
      const pending = [near.recv(), far.recv(), far.recv(SOON)];
      const outcomes = Promise.allSettled(pending);
      await near.close();
      for (const outcome of await outcomes) {
        assert(outcome.status === "rejected");
        assertInstanceOf(outcome.reason, Disconnected);
      }
      await near.closed;
      await far.closed;
      await assertRejects(() => near.recv(), Disconnected, "closed by this side");
      await assertRejects(() => far.recv(), Disconnected, "closed the connection");
      await assertRejects(() => near.sendJson(1), Disconnected);
      await assertRejects(() => far.sendJson(1), Disconnected);
      await near.close();
    }),
  },
  {
    name: "close() lets what was accepted go out first",
    run: connected(async ({ near, far }) => {
      const text = "y".repeat(900_000);
      await near.sendJson(text);
      await near.sendJson("last");
      const closing = near.close();
      await assertRejects(() => near.sendJson("too late"), ShuttingDown);
      assertEquals((await far.recv(SOON)).data, text);
      assertEquals((await far.recv(SOON)).data, "last");
      await closing;
    }),
  },
  {
    name: "a peer that sends and closes at once loses nothing, even when the reader was stalled",
    run: connected(async ({ near, far }) => {
      const count = LIMITS.unreadMessages * 6;
      const sent = (async () => {
        for (let i = 0; i < count; i++) await near.sendJson(i);
        await near.close();
      })();
      await delay(50);
      await numbers(far, count);
      await assertRejects(() => far.recv(SOON), Disconnected);
      await sent;
    }),
  },
  {
    name: "a peer that closes while it is written to loses nothing of what it sent",
    run: connected(async ({ near, far }) => {
      for (let i = 0; i < 100; i++) await near.sendJson(i);
      const closing = near.close();
      for (let i = 0; i < 100; i++) {
        far.sendJson("x".repeat(10_000)).catch(() => {});
        if (i % 10 === 0) await delay(1);
      }
      await closing;
      await numbers(far, 100);
      await assertRejects(() => far.recv(SOON), Disconnected);
    }),
  },
  {
    name: "a peer that vanishes in the middle of a message is Disconnected",
    run: raw(async (server, { socket }) => {
      socket.write(
        Buffer.concat([lengthFrame('{"type":"ping"}'), lengthFrame('{"type":"data"}').subarray(0, 9)]),
      );
      const channel = await server.accept(SOON);
      await channel.recv(SOON);
      const next = channel.recv(SOON);
      socket.destroy();
      await assertRejects(() => next, Disconnected, "in the middle of a message");
    }),
  },
  {
    name: "a peer that begins a message and does not end it is dropped",
    run: raw(async (server, { socket, ended }) => {
      socket.write('{"type":"ping"}\n{"type":');
      const channel = await server.accept(SOON);
      await channel.recv(SOON);
      await assertRejects(() => channel.recv(SOON), Disconnected, "did not end it");
      await ended;
    }, { frameTimeoutMs: 30 }),
  },
  {
    name: "a peer that says nothing is dropped after firstFrameTimeoutMs",
    run: raw(async (server, { ended }) => {
      await ended;
      assertEquals(server.connections, 0);
    }, { firstFrameTimeoutMs: 30 }),
  },
  {
    name: "a peer that does not read is dropped after drainTimeoutMs",
    needs: "peers that pause",
    run: () =>
      inDirectory(async (env) => {
        await using server = await LocalSocketServer.listen(caseName(), { env, drainTimeoutMs: 50 });
        const peer = await connect(server.path, () => ({ data() {}, drain() {}, close() {} }));
        peer.pause();
        peer.write(Buffer.from('{"type":"ping"}\n'));
        const channel = await server.accept(SOON);
        await channel.recv(SOON);
        channel.sendJson("x".repeat(900_000)).catch(() => {});
        await channel.closed;
        await assertRejects(() => channel.recv(SOON), Disconnected, "slow consumer");
        peer.close();
      }),
  },
  {
    name: "a frame at the limit passes, both ways; one past it is not sent",
    run: connected(async ({ near, far }) => {
      await near.send(messageOf(LIMITS.frame));
      assertEquals((await far.recv(SOON)).data, messageOf(LIMITS.frame).data);
      await far.send(messageOf(LIMITS.frame));
      assertEquals((await near.recv(SOON)).data, messageOf(LIMITS.frame).data);
      await assertRejects(
        () => near.send(messageOf(LIMITS.frame + 1)),
        Serialization,
        `${LIMITS.frame + 1} bytes`,
      );
      await near.sendJson("and it goes on");
      assertEquals((await far.recv(SOON)).data, "and it goes on");
    }),
  },
  {
    name: "a frame at the ceiling passes where a setting allows it",
    run: connected(async ({ near, far }) => {
      const message = messageOf(LIMITS.frameCeiling);
      const sent = near.send(message);
      assert((await far.recv(SOON)).data === message.data);
      await sent;
      // The kernel has it all; now this side knows, too.
      await far.sendJson("arrived");
      await near.recv(SOON);
      await assertRejects(() => near.send(messageOf(LIMITS.frameCeiling + 1)), Serialization);
    }, {
      listen: { maxFrameBytes: LIMITS.frameCeiling },
      connect: { maxFrameBytes: LIMITS.frameCeiling },
    }),
  },
  ...[
    [
      "a length past the limit",
      () => {
        const header = Buffer.alloc(4);
        header.writeUInt32LE(LIMITS.frame + 1);
        return Buffer.concat([lengthFrame('{"type":"ping"}'), header]);
      },
      "at most",
      4,
    ],
    [
      "a line past the limit",
      () =>
        Buffer.concat([
          Buffer.from('{"type":"ping"}\n'),
          Buffer.alloc(LIMITS.frame + 1, 0x20),
        ]),
      "at most",
      0,
    ],
    ["text that is not JSON", () => Buffer.from('{"type":"ping"}\n{nonsense}\n'), "not valid JSON", 0],
    [
      "JSON that is not a message",
      () => Buffer.from('{"type":"ping"}\n{"type":"shout"}\n'),
      "not a message",
      0,
    ],
    [
      "bytes that are not UTF-8",
      () => Buffer.from('{"type":"ping"}\n{"type":"data","data":"\xff"}\n', "latin1"),
      "UTF-8",
      0,
    ],
    [
      "a __proto__ key",
      () => Buffer.from('{"type":"ping"}\n{"type":"data","data":{"__proto__":1}}\n'),
      "__proto__",
      0,
    ],
  ].map(([what, bytes, reason, header]): TransportCase => ({
    name: `a peer that sends ${what} is answered with an error and dropped`,
    run: raw(async (server, { socket, ended }) => {
      socket.write((bytes as () => Buffer)());
      const channel = await server.accept(SOON);
      assertEquals(await channel.recv(SOON), { type: "ping" });
      await assertRejects(() => channel.recv(SOON), ReceiveFailed, reason as string);
      const answer = JSON.parse((await ended).subarray(header as number).toString());
      assertEquals(answer.type, "response");
      assertMatch(answer.error.message, new RegExp(reason as string));
    }),
  })),
  {
    name: "a peer whose first bytes are nonsense is accepted, so that its mistake is heard of",
    run: raw(async (server, { socket, ended }) => {
      socket.write("GET / HTTP/1.1\r\n\r\n");
      const channel = await server.accept(SOON);
      await assertRejects(() => channel.recv(SOON), ReceiveFailed, "not valid JSON");
      assertEquals(JSON.parse((await ended).toString()).error.code, -32700);
    }),
  },
  {
    name: "a stalled reader bounds what is queued on both sides, and gets everything when it reads again",
    run: connected(async ({ near, far }) => {
      const payload = "z".repeat(10_000);
      const count = 3_000; // 30 MB: far more than every queue together
      let sent = 0;
      const sending = (async () => {
        for (let i = 0; i < count; i++) {
          await near.sendJson({ i, payload });
          sent++;
        }
      })();
      let before = -1;
      while (sent !== before) {
        before = sent;
        await delay(100);
      }
      // What is on the way: the sender's queue, the kernel's buffers, the reader's queue.
      assert(sent * payload.length < 4 * LIMITS.outputSoft, `${sent} messages were accepted`);
      for (let i = 0; i < count; i++) {
        assertEquals((await far.recv(SOON)).data, { i, payload });
      }
      await sending;
    }),
  },
  {
    name: "a caller that waits for each send sends messages of any allowed size one after the other",
    run: connected(async ({ near, far }) => {
      const text = "x".repeat(6 * 1024 * 1024);
      const received = (async () => {
        for (let n = 0; n < 5; n++) assertEquals(((await far.recv(SOON)).data as string).length, text.length);
      })();
      for (let n = 0; n < 5; n++) await near.sendJson(text);
      await received;
    }, { listen: { maxFrameBytes: 8 * 1024 * 1024 }, connect: { maxFrameBytes: 8 * 1024 * 1024 } }),
  },
  {
    name: "send() that nobody waits for fails at the hard limit, and nothing accepted is lost",
    run: connected(async ({ near, far }) => {
      const payload = "z".repeat(100_000);
      const outcomes: Promise<boolean>[] = [];
      for (let i = 0; i < 200; i++) {
        outcomes.push(
          near.sendJson({ i, payload }).then(() => true, (error) => {
            assertInstanceOf(error, SendFailed);
            return false;
          }),
        );
      }
      const received: number[] = [];
      const reading = (async () => {
        for await (const { data } of far) received.push((data as { i: number }).i);
      })();
      const accepted = (await Promise.all(outcomes)).flatMap((ok, i) => ok ? [i] : []);
      await near.close();
      await reading;
      assertEquals(received, accepted);
      assert(accepted.length * payload.length <= LIMITS.outputHard + payload.length);
      assert(accepted.length * payload.length > LIMITS.outputHard * 0.9);
    }),
  },
  {
    name: "send() aborted while it waits is not sent; close() rejects those that wait with Disconnected",
    run: connected(async ({ near, far }) => {
      const payload = "z".repeat(500_000);
      const early = Array.from({ length: 4 }, () => near.sendJson(payload));
      const abort = new AbortController();
      const aborted = near.sendJson("aborted", { signal: abort.signal });
      const waiting = near.sendJson("waiting");
      abort.abort(new Error("no more"));
      await assertRejects(() => aborted, Error, "no more");
      const outcomes = Promise.allSettled([...early, waiting]);
      const closing = near.close();
      const received: unknown[] = [];
      for await (const { data } of far) received.push(data);
      await closing;
      const accepted = (await outcomes).filter(({ status }) => status === "fulfilled").length;
      assertEquals(received.length, accepted);
      assert(!received.includes("aborted") && !received.includes("waiting"));
    }),
  },
  {
    name: "a burst of 100,000 lines in one write arrives whole and in order",
    run: raw(async (server, { socket }) => {
      const count = 100_000;
      let lines = "";
      for (let i = 0; i < count; i++) lines += `{"type":"data","data":${i}}\n`;
      socket.write(lines);
      await numbers(await server.accept(SOON), count);
    }),
  },
  {
    name: "send() refuses what has no JSON text",
    run: connected(async ({ near }) => {
      const cyclic: Record<string, unknown> = {};
      cyclic["self"] = cyclic;
      await assertRejects(() => near.sendJson(cyclic), Serialization);
      await assertRejects(() => near.sendJson(1n), Serialization);
      let deep: unknown = 1;
      for (let i = 0; i < LIMITS.jsonNesting; i++) deep = [deep];
      await assertRejects(() => near.sendJson(deep), Serialization, "deep");
    }),
  },
  {
    name: "listen() makes the socket 0600 in a 0700 directory, and close() removes it",
    needs: "files",
    run: () =>
      inDirectory(async (env) => {
        const server = await LocalSocketServer.listen(caseName(), { env });
        const stat = lstatSync(server.path);
        assert(stat.isSocket());
        assertEquals(stat.mode & 0o777, 0o600);
        assertEquals(lstatSync(join(server.path, "..")).mode & 0o777, 0o700);
        await server.close();
        assert(!existsSync(server.path));
      }),
  },
  {
    name: "listen() refuses a name that a live server has, which goes on",
    needs: "exclusive names",
    run: connected(async ({ server, near, far }) => {
      await assertRejects(
        () => LocalSocketServer.listen(caseName(), { path: server.path }),
        Error,
        "in use by another process",
      );
      await near.sendJson(1);
      assertEquals((await far.recv(SOON)).data, 1);
    }),
  },
  {
    name: "close() of an old owner leaves a successor's socket alone",
    needs: "files",
    run: () =>
      inDirectory(async (env) => {
        const old = await LocalSocketServer.listen(caseName(), { env });
        rmSync(old.path);
        await using successor = await LocalSocketServer.listen(caseName(), { env });
        await old.close();
        assert(existsSync(successor.path));
        await using near = await LocalSocketChannel.connect(caseName(), { env, ...SOON });
        await using far = await successor.accept(SOON);
        await near.sendJson("alive");
        assertEquals((await far.recv(SOON)).data, "alive");
      }),
  },
  {
    name: "listen() of many at once has one winner",
    needs: "exclusive names",
    run: () =>
      inDirectory(async (env) => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 8 }, () => LocalSocketServer.listen(caseName(), { env })),
        );
        const winners = outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
        assertEquals(winners.length, 1);
        await using near = await LocalSocketChannel.connect(caseName(), { env, ...SOON });
        await using far = await winners[0]?.accept(SOON) ?? near;
        await far.sendJson("ok");
        assertEquals((await near.recv(SOON)).data, "ok");
        await winners[0]?.close();
      }),
  },
  {
    name: "connect() says that nobody listens; with retry it waits for the server",
    run: () =>
      inDirectory(async (env) => {
        await assertRejects(
          () => LocalSocketChannel.connect(caseName(), { env }),
          Disconnected,
          "Nobody listens",
        );
        await assertRejects(
          () => LocalSocketChannel.connect(caseName(), { env, retry: true, timeoutMs: 30 }),
          TimedOut,
        );
        const connecting = LocalSocketChannel.connect(caseName(), { env, retry: true, ...SOON });
        await delay(20);
        await using server = await LocalSocketServer.listen(caseName(), { env });
        await using near = await connecting;
        await using far = await server.accept(SOON);
        await far.sendJson(1);
        assertEquals((await near.recv(SOON)).data, 1);
      }),
  },
  {
    name: "accept() times out, stops at an abort, and rejects when the server closes",
    run: () =>
      inDirectory(async (env) => {
        const server = await LocalSocketServer.listen(caseName(), { env });
        await assertRejects(() => server.accept({ timeoutMs: 20 }), TimedOut);
        await assertRejects(
          () => server.accept({ signal: AbortSignal.abort(new Error("stop")) }),
          Error,
          "stop",
        );
        const pending = server.accept();
        const outcome = Promise.allSettled([pending]);
        await server.close();
        assertEquals((await outcome)[0].status, "rejected");
        await assertRejects(() => server.accept(), Disconnected);
      }),
  },
  {
    name: "a socket that is closed while it is handed over tells its handler so, once",
    needs: "files",
    run: () =>
      inDirectory(async (env) => {
        const path = join(env["XDG_RUNTIME_DIR"] ?? "", "haft", "x.sock");
        let closes = 0;
        const listener = await listen(path, (socket) => {
          socket.write(Buffer.from("no"));
          socket.close();
          return { data() {}, drain() {}, close: () => void closes++ };
        });
        const peer = netConnect(path);
        await new Promise((resolve) => peer.on("error", resolve).on("close", resolve).resume());
        listener.close();
        await delay(10);
        assertEquals(closes, 1);
      }),
  },
  {
    name: "connections at the limit are served, one more is closed, and a freed place is taken",
    run: () =>
      inDirectory(async (env) => {
        await using server = await LocalSocketServer.listen(caseName(), { env, maxConnections: 2 });
        const first = await LocalSocketChannel.connect(caseName(), { env });
        await using second = await LocalSocketChannel.connect(caseName(), { env });
        await using far1 = await server.accept(SOON);
        await using far2 = await server.accept(SOON);
        const third = await LocalSocketChannel.connect(caseName(), { env });
        await assertRejects(() => third.recv(SOON), Disconnected);
        await far2.sendJson("served");
        assertEquals((await second.recv(SOON)).data, "served");
        await first.close();
        await far1.closed;
        await using fourth = await LocalSocketChannel.connect(caseName(), { env });
        await using far4 = await server.accept(SOON);
        await far4.sendJson("welcome");
        assertEquals((await fourth.recv(SOON)).data, "welcome");
      }),
  },
];
