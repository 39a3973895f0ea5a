import { assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { createConnection } from "node:net";
import { existsSync, lstatSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { eventsDuring, isSharedDirectory, listening, start } from "./dialect_sandbox.ts";
import { binary } from "./support.ts";

/** Writes the chunks and gives what came back until the text has the part that ends it. */
async function exchange(path: string, chunks: readonly (string | Buffer)[], end: string): Promise<string> {
  const socket = createConnection(path);
  let text = "";
  const done = new Promise<void>((resolve) =>
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.includes(end)) resolve();
    })
  );
  for (const chunk of chunks) socket.write(chunk);
  await done;
  socket.destroy();
  return text;
}

function frame(value: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(value));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json]);
}

Deno.test("an ipckit client's requests are the daemon's methods, answered in order; texts become events", async () => {
  const { daemon, path } = await listening("ipckit");
  await using _ = daemon;
  const wire = Buffer.from("3e000000", "hex");
  const ping = Buffer.from('{"msg_type":"request","payload":{"method":"ping","params":{}}}');
  const events = await eventsDuring(daemon, "user.ipckit.*", 2, async () => {
    const text = await exchange(path, [
      Buffer.concat([wire, ping]),
      frame({ msg_type: "request", payload: { method: "no.such" } }),
      frame({ msg_type: "text", payload: { content: "häft" } }),
      frame({ msg_type: "text", payload: [1, { any: "JSON" }] }),
      frame({ msg_type: "response", payload: { result: 1 } }),
      frame({ msg_type: "error", payload: { code: 1, message: "x" } }),
      frame({ msg_type: "explode" }),
      frame({ msg_type: "ping", payload: {} }),
    ], '"pong"');
    assertMatch(text, /"msg_type":"response","payload":\{"result":\{"uptime_secs":\d+/);
    assertMatch(
      text,
      /"msg_type":"error","payload":\{"code":-32601,"message":"Unknown method \\"no\.such\\""/,
    );
    assertMatch(text, /"code":-32600,"message":"unknown message"/);
    // One for each request, one for what is no message, and the pong: nothing else is answered.
    assertEquals(text.match(/"msg_type"/g)?.length, 4);
  });
  assertEquals(events.map(({ data }) => data), [{ content: "häft" }, [1, { any: "JSON" }]]);
});

Deno.test("what an ipckit client said before it went still counts, though a slow request is answered first", async () => {
  const { daemon, path } = await listening("ipckit");
  await using _ = daemon;
  const request = (method: string, more: Record<string, unknown> = {}) => {
    const params = { root: daemon.sandbox.project, names: ["slow"], ...more };
    return frame({ msg_type: "request", payload: { method, params } });
  };
  const command = ["sh", "-c", "trap : TERM; echo up; while :; do sleep 0.1; done"];
  await exchange(path, [request("app.start", { config: { command, stop_timeout: "1s" } })], '"result"');
  const events = await eventsDuring(daemon, "user.ipckit.*", 1, async () => {
    const socket = createConnection(path);
    const words = [request("app.stop"), frame({ msg_type: "text", payload: { content: "the last word" } })];
    socket.end(Buffer.concat(words), () => socket.destroy());
    await new Promise((resolve) => socket.once("close", resolve));
  });
  assertEquals(events[0].data, { content: "the last word" });
});

Deno.test("an AuroraView helper's progress, events and result become events, however often it connects", async () => {
  const { daemon, path } = await listening("auroraview");
  await using _ = daemon;
  const events = await eventsDuring(daemon, "user.auroraview.*", 6, async () => {
    await exchange(
      path,
      ['{"type":"progress","value":50,"message":"half"}\n', "nonsense\n"],
      '"success":false',
    );
    await exchange(path, [
      '{"type":"event","event":"saved","data":{"n":1}}\n{"type":"result","success":true,"data":7}\n',
      '{"type":"result","data":"done"}\n{"type":"status","message":"Demo started"}\n[1]\nnonsense\n',
    ], '"success":false');
  });
  assertEquals(events.map(({ event, data }) => [event, data]), [
    ["user.auroraview.progress", { value: 50, message: "half" }],
    ["user.auroraview.event", { event: "saved", data: { n: 1 } }],
    ["user.auroraview.result", { success: true, data: 7 }],
    ["user.auroraview.result", { data: "done" }],
    ["user.auroraview.message", { type: "status", message: "Demo started" }],
    ["user.auroraview.message", [1]],
  ]);
});

Deno.test({
  name:
    "AuroraView's own two sockets, straight in the shared temporary directory, are ours alone and gone afterwards",
  ignore: Deno.build.os === "windows" || !isSharedDirectory(tmpdir()),
  fn: async () => {
    await using daemon = await DaemonSandbox.create(binary);
    const name = `haft-test-${crypto.randomUUID().slice(0, 8)}`;
    const paths = [join(tmpdir(), `ipckit_${name}`), join(tmpdir(), `${name}.sock`)];
    await start(daemon, paths.map((path) => `auroraview=${path}`).join(","));
    const events = await eventsDuring(daemon, "user.auroraview.progress", 2, async () => {
      for (const [value, path] of paths.entries()) {
        assertEquals(lstatSync(path).mode & 0o777, 0o600);
        await exchange(path, [`{"type":"progress","value":${value}}\n`, "nonsense\n"], '"success":false');
      }
    });
    assertEquals(events.map(({ data }) => data), [{ value: 0 }, { value: 1 }]);
    await daemon.run("daemon", "stop");
    assertEquals(paths.filter((path) => existsSync(path)), []);
  },
});

Deno.test("--listen for a daemon that runs already is refused, with what does it", async () => {
  const { daemon, path } = await listening("ipckit");
  await using _ = daemon;
  const { code, stderr } = await daemon.run("daemon", "start", "--listen", `vx=${path}2`);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /running already, pid \d+, and --listen counts when it starts\n.*haft daemon restart --listen vx=/,
  );
  assertEquals((await daemon.run("daemon", "restart", "--listen", `vx=${path}2`)).code, 0);
  assertEquals([existsSync(path), existsSync(`${path}2`)], [false, true]);
});
