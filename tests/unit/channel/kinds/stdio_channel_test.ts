import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { PassThrough } from "node:stream";
import { Disconnected, SendFailed, Serialization } from "../../../../src/channel/errors.ts";
import { StdioChannel } from "../../../../src/channel/kinds/stdio_channel.ts";
import { LIMITS } from "../../../../src/socket/limits.ts";
import { until } from "../../../support/until.ts";

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
  await until(() => received.length, "all have come", { passes: (count) => count >= accepted.length });
  assertEquals(received, accepted);
  assert(accepted.length > 70 && accepted.length < 200);
  await assertRejects(() => near.sendJson("x".repeat(LIMITS.frame)), Serialization, "at most 1048576");
  await near.close();
});
