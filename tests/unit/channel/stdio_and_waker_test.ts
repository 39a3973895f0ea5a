import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { PassThrough } from "node:stream";
import { UsageError } from "../../../src/base/errors.ts";
import {
  detectMode,
  Disconnected,
  SendFailed,
  Serialization,
  StdioChannel,
  ThreadChannel,
  Waker,
} from "../../../src/channel/mod.ts";
import { LIMITS } from "../../../src/socket/limits.ts";

Deno.test("a stdio channel carries messages as lines, and what is no message goes to the log", async () => {
  const [up, down] = [new PassThrough(), new PassThrough()];
  const logged: string[] = [];
  const parent = new StdioChannel("child", { input: up, output: down }, {
    onLog: (line) => logged.push(line),
  });
  const child = new StdioChannel("parent", { input: down, output: up });
  up.write('starting…\n{"no": "message"}\n{broken\n[1]\n{"type":"data","data":{"__proto__":1}}\n');
  await child.emit("ready", { n: 1 });
  assertEquals(await parent.recv(), { type: "event", event: "ready", data: { n: 1 } });
  assertEquals(logged, [
    "starting…",
    '{"no": "message"}',
    "{broken",
    "[1]",
    '{"type":"data","data":{"__proto__":1}}',
  ]);
  await parent.sendJson("hello");
  assertEquals((await child.recv()).data, "hello");
  await child.close();
  await assertRejects(() => parent.recv(), Disconnected, "closed its stdout");
});

Deno.test("a message that comes in pieces, with CR LF, is one message", async () => {
  const input = new PassThrough();
  const channel = new StdioChannel("child", { input, output: new PassThrough() });
  const text = '{"type":"data","data":"häft"}\r\n';
  for (const byte of new TextEncoder().encode(text)) input.write(Uint8Array.of(byte));
  assertEquals((await channel.recv()).data, "häft");
  await channel.close();
});

Deno.test("a stdio sender waits for a reader that stalls, fails when it does not wait, and loses nothing it accepted", async () => {
  const [up, down] = [new PassThrough(), new PassThrough()];
  const near = new StdioChannel("child", { input: up, output: down });
  const far = new StdioChannel("parent", { input: down, output: up });
  const text = "x".repeat(100_000);
  const outcomes = Array.from(
    { length: 200 },
    (_, n) =>
      near.sendJson({ n, text }).then(() => n, (error) => {
        assertInstanceOf(error, SendFailed);
        return undefined;
      }),
  );
  const abort = new AbortController();
  const given = near.send({ type: "data" }, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assertRejects(() => given, Error, "enough");
  const received: unknown[] = [];
  far.onMessage(({ data }) => received.push((data as { n: number }).n));
  const accepted = (await Promise.all(outcomes)).filter((n) => n !== undefined);
  while (received.length < accepted.length) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(received, accepted);
  assert(accepted.length > 70 && accepted.length < 200);
  await assertRejects(() => near.sendJson("x".repeat(LIMITS.frame)), Serialization, "at most 1048576");
  await near.close();
});

Deno.test("detectMode() reads what the parent has set, and refuses what it cannot mean", () => {
  assertEquals(detectMode({}), { kind: "none" });
  assertEquals(detectMode({ HAFT_IPC_CHANNEL: "x" }), { kind: "channel", channel: "x" });
  assertEquals(detectMode({ HAFT_IPC_MODE: "legacy", HAFT_IPC_CHANNEL: "x" }), { kind: "legacy" });
  assertThrows(() => detectMode({ HAFT_IPC_MODE: "channel" }), UsageError, "does not say which");
  assertThrows(() => detectMode({ HAFT_IPC_MODE: "pigeon" }), UsageError, 'HAFT_IPC_MODE is "pigeon"');
});

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
