/**
 * The shim that carries Windows pipes, on the unix sockets that the same module of the runtimes carries here.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "node:net";
import { join } from "node:path";
import { Disconnected } from "../../../src/channel/mod.ts";
import { StreamChannel } from "../../../src/channel/stream_channel.ts";
import { NotAuthenticated } from "../../../src/socket/authenticated.ts";
import { LIMITS } from "../../../src/socket/limits.ts";
import { connectPipe, listenPipe } from "../../../src/socket/pipe.ts";

const SILENT = { data() {}, drain() {}, close() {} };

/** Where a pipe is, and its tokens are. */
async function place() {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  const path = Deno.build.os === "windows" ? `\\\\.\\pipe\\haft-test-${Deno.pid}` : join(directory, "p.sock");
  return { directory, path, options: { tokens: join(directory, "tokens"), timeoutMs: 10_000 } };
}

Deno.test("listenPipe() and connectPipe() carry a channel, keep what a stalled reader has not read, and close", async () => {
  const { directory, path, options } = await place();
  try {
    const accepted = Promise.withResolvers<StreamChannel>();
    const listener = await listenPipe(path, (socket) => {
      const channel = new StreamChannel({ name: "server", socket, onReady: accepted.resolve });
      return channel.handler;
    }, options);
    const second = await assertRejects(() => listenPipe(path, () => SILENT, options), Error);
    assert("code" in second && second.code === "EADDRINUSE");
    let near: StreamChannel | undefined;
    await connectPipe(path, (socket) => {
      near = new StreamChannel({ name: "client", socket, framing: "length" });
      return near.handler;
    }, options);
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
    await assertRejects(() => connectPipe(path, () => SILENT, options), Error);
    assertEquals([...Deno.readDirSync(options.tokens)].length, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("connectPipe() refuses whoever has taken the pipe's name without its token", async () => {
  const { directory, path, options } = await place();
  let attached = 0;
  const accept = () => {
    attached++;
    return SILENT;
  };
  // The same name; the tokens of somebody else.
  const listener = await listenPipe(path, accept, { tokens: join(directory, "others") });
  try {
    await assertRejects(() => connectPipe(path, accept, options), Error, "missing or damaged");
    await Deno.mkdir(options.tokens);
    await Deno.writeFile(
      join(options.tokens, [...Deno.readDirSync(join(directory, "others"))][0]?.name ?? ""),
      new Uint8Array(32),
      {
        mode: 0o600,
      },
    );
    await assertRejects(() => connectPipe(path, accept, options), NotAuthenticated, "does not know");
    assertEquals(attached, 0);
  } finally {
    listener.close();
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("listenPipe() closes one connection more than may be unproved at once, and accepts when there is room", async () => {
  const { directory, path, options } = await place();
  const attached = Promise.withResolvers<void>();
  const listener = await listenPipe(path, () => {
    attached.resolve();
    return SILENT;
  }, options);
  const silent = Array.from({ length: LIMITS.unauthenticatedConnections }, () => connect(path));
  try {
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    const more = connect(path).on("error", () => {}).resume();
    await new Promise((resolve) => more.once("close", resolve));
    for (const socket of silent) socket.destroy();
    for (;;) {
      const socket = await connectPipe(path, () => SILENT, options).catch(() => undefined);
      if (socket === undefined) continue;
      await attached.promise;
      socket.close();
      break;
    }
  } finally {
    listener.close();
    await Deno.remove(directory, { recursive: true });
  }
});
