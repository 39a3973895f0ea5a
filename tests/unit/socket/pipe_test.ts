/** The shim that carries Windows pipes, on the unix sockets that the same module of the runtimes carries here. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { Disconnected } from "../../../src/channel/mod.ts";
import { StreamChannel } from "../../../src/channel/stream_channel.ts";
import { connectPipe, listenPipe } from "../../../src/socket/pipe.ts";

Deno.test("listenPipe() and connectPipe() carry a channel, keep what a stalled reader has not read, and close", async () => {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  const path = Deno.build.os === "windows" ? `\\\\.\\pipe\\haft-test-${Deno.pid}` : join(directory, "p.sock");
  try {
    const accepted = Promise.withResolvers<StreamChannel>();
    const listener = await listenPipe(path, (socket) => {
      const channel = new StreamChannel({ name: "server", socket, onReady: accepted.resolve });
      return channel.handler;
    });
    await assertRejects(
      () => listenPipe(path, () => ({ data() {}, drain() {}, close() {} })),
      Error,
      "EADDRINUSE",
    );
    let near: StreamChannel | undefined;
    await connectPipe(path, (socket) => {
      near = new StreamChannel({ name: "client", socket, framing: "length" });
      return near.handler;
    });
    assert(near !== undefined);
    const far = await accepted.promise;
    const count = 20_000;
    const sending = (async (channel: StreamChannel) => {
      for (let i = 0; i < count; i++) await channel.sendJson({ i, text: "é".repeat(100) });
      await channel.close();
    })(near);
    await far.sendJson("hello");
    let next = 0;
    for await (const { data } of far) assertEquals((data as { i: number }).i, next++);
    assertEquals(next, count);
    await sending;
    await assertRejects(() => far.sendJson(1), Disconnected);
    listener.close();
    await assertRejects(() => connectPipe(path, () => ({ data() {}, drain() {}, close() {} })), Error);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
