import { assertEquals, assertRejects } from "@std/assert";
import {
  Disconnected,
  serveRequests,
  ShuttingDown,
  ThreadChannel,
  TimedOut,
} from "../../../src/channel/mod.ts";
import { StreamChannel } from "../../../src/channel/stream_channel.ts";
import { RequestError } from "../../../src/protocol/wire_error.ts";
import { memoryPair } from "../../../src/socket/memory_pair.ts";
import type { Socket } from "../../../src/socket/mod.ts";
import { uncaughtErrors } from "../../support/uncaught_errors.ts";

function served() {
  const [near, far] = ThreadChannel.pair("pair");
  serveRequests(
    far,
    new Map<
      string,
      (
        data: unknown,
        context: { signal: AbortSignal; progress(event: string, data: unknown): void },
      ) => unknown
    >([
      ["echo", (data) => data],
      ["later", async (_, { signal, progress }) => {
        progress("half", 50);
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }],
      ["refuse", () => {
        throw new RequestError("not_found", "No such thing", { data: { thing: 1 } });
      }],
    ]),
  );
  return { near, far };
}

Deno.test("request() answers by id, side by side, and no recv sees the responses", async () => {
  const { near } = served();
  assertEquals(await Promise.all([near.request("echo", 1), near.request("echo", { a: 2 })]), [1, { a: 2 }]);
  assertEquals(near.tryRecv(), undefined);
  assertEquals(near.metrics().latency.count, 2);
  await near.close();
});

Deno.test("request() rejects with the peer's error, with its name and data", async () => {
  const { near } = served();
  const error = await assertRejects(() => near.request("refuse"), RequestError, "No such thing");
  assertEquals([error.errorName, error.data], ["not_found", { thing: 1 }]);
  const unknown = await assertRejects(() => near.request("nothing"), RequestError);
  assertEquals(unknown.errorName, "method_not_found");
  await near.close();
});

Deno.test("request() gives up after its time, tells the peer to cancel, and hears of progress until then", async () => {
  const { near } = served();
  const heard: unknown[] = [];
  await assertRejects(
    () =>
      near.request("later", {}, { timeoutMs: 20, onProgress: (event, data) => heard.push([event, data]) }),
    TimedOut,
    'No answer to "later" within 20 ms',
  );
  assertEquals(heard, [["half", 50]]);
  await near.close();
});

for (const name of ["onProgress", "onAnswer"] as const) {
  Deno.test(`${name} that throws is its program's error, and neither the request's nor the connection's`, async () => {
    const channels: StreamChannel[] = [];
    const join = (socket: Socket) => {
      const channel = new StreamChannel({ name: "pair", socket, framing: "length" });
      channels.push(channel);
      return channel.handler;
    };
    memoryPair(join, join);
    const [near, far] = channels as [StreamChannel, StreamChannel];
    serveRequests(
      far,
      new Map([["work", (data: unknown, { progress }: { progress(event: string, data: unknown): void }) => {
        progress("half", 50);
        return data;
      }]]),
    );
    const options = {
      [name]: () => {
        throw new Error("a fault of the listener");
      },
    };
    const errors = await uncaughtErrors(async () => {
      assertEquals(await near.request("work", 1, options), 1);
      assertEquals(await near.request("work", 2), 2);
    });
    assertEquals(errors, ["a fault of the listener"]);
    await near.close();
  });
}

Deno.test("requests together each give up at their own time, whatever the order they were made in", async () => {
  const { near } = served();
  const ends: string[] = [];
  const late = (timeoutMs: number) =>
    near.request("later", {}, { timeoutMs }).catch((error: Error) => ends.push(error.message));
  const abort = new AbortController();
  const aborted = near.request("later", {}, { signal: abort.signal }).catch((error) => ends.push(`${error}`));
  const forever = near.request("later", {}, { timeoutMs: Infinity }).catch((error) => ends.push(error.name));
  const waits = [120, 30, 200, 60].map(late);
  await near.request("echo", 1, { timeoutMs: 1 }).catch(() => {});
  abort.abort("enough");
  await Promise.all([aborted, ...waits]);
  assertEquals(ends, ["enough", ...[30, 60, 120, 200].map((ms) => `No answer to "later" within ${ms} ms`)]);
  // What waits for ever is not given up with them.
  await near.close();
  await forever;
  assertEquals(ends.at(-1), "Disconnected");
});

Deno.test("requests that are pending when the peer goes reject with Disconnected", async () => {
  const { near, far } = served();
  const pending = near.request("later");
  await far.close();
  await assertRejects(() => pending, Disconnected);
});

Deno.test("shutdown() refuses what is new, lets what has begun finish, and waitForDrain() says what is still open", async () => {
  const { near } = served();
  const pending = near.request("later", {}, { timeoutMs: 100 });
  near.shutdown();
  assertEquals(near.isShutdown, true);
  await assertRejects(() => near.sendJson(1), ShuttingDown);
  await assertRejects(() => near.request("echo"), ShuttingDown);
  assertEquals(await near.waitForDrain(10), { drained: false, open: ["request later"] });
  await assertRejects(() => pending, TimedOut);
  assertEquals(await near.waitForDrain(10), { drained: true, open: [] });
  await near.close();
});

Deno.test("metrics() counts messages each way and the most that was queued", async () => {
  const [near, far] = ThreadChannel.pair("pair", 2);
  await near.sendJson(1);
  await near.sendJson(2);
  const waiting = near.sendJson(3);
  await far.recv();
  await waiting;
  const { messages_sent: sent, peak_queue: peak, kind } = near.metrics();
  assertEquals([kind, sent, peak], ["thread", 3, 0]);
  assertEquals([far.metrics().messages_received, far.metrics().peak_queue], [3, 3]);
  await near.close();
});
