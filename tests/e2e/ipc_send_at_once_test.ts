import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import process from "node:process";
import { VERSION } from "../../src/base/version.ts";
import { PROTOCOL_RANGE } from "../../src/protocol/protocol_range.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

/** Any option, such as this, needs the usual way. */
const USUAL = "--no-spawn";
/** What one moment's answer has and the next one's has not. */
const OF_THE_MOMENT =
  /"(?:uptime_secs|client_id|connected_at|at|ts|[a-z_]*(?:bytes|ms))":(?:"[^"]*"|[\d.]+)/g;

Deno.test("ipc-send prints the same in the short way as in the usual one: answers, errors, unicode, numbers, large ones", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const text = 'snow 雪 🎉 é \u009b31m \u202e "quoted" \\ \u007f end';
  const { id } = await daemon.call("task.start", { command: ["true"], text });
  await daemon.call("task.wait", { ids: [id] });
  const rows: string[][] = [
    ["daemon.ping"],
    ["daemon.ping", "{}"],
    ["daemon.ping", '{"x":1e3,"y":"雪"}'],
    ["daemon.ping", "[]"],
    ["daemon.ping", "{"],
    ["daemon.ping", "x=1"],
    ["daemon.ping", "{}", "{}"],
    ["daemon.describe"],
    ["daemon.describe", '{"method":"task.start"}'],
    ["daemon.describe", '{"method":"no.such \u202e"}'],
    ["app.list"],
    ["app.status", '{"name":7}'],
    ["app.status", '{"cwd":"."}'],
    ["task.list"],
    ["task.list", '{"limit":1}'],
    ["task.list", '{"limit":-1.5}'],
    ["task.status", `{"id":${JSON.stringify(id)}}`],
    ["task.status", '{"id":"00000000"}'],
    ["task.logs", `{"id":${JSON.stringify(id)}}`],
    ["backend.list"],
    ["runtime.list"],
    ["fleet.status"],
    ["no.such"],
    ["hello"],
  ];
  const told = (result: { code: number | null; stdout: string; stderr: string }) => ({
    code: result.code,
    stdout: result.stdout.replace(OF_THE_MOMENT, ""),
    stderr: result.stderr,
  });
  for (const row of rows) {
    const short = await daemon.run("ipc-send", ...row);
    const usual = await daemon.run("ipc-send", USUAL, ...row);
    assertEquals([row, told(short)], [row, told(usual)]);
  }
  const { stdout } = await daemon.run("ipc-send", "task.list");
  assert(stdout.includes("snow 雪 🎉 é \\u009b31m \\u202e"), stdout);
});

Deno.test("ipc-send refuses a socket in a directory that is open to others as it does in the usual way", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const directory = dirname(daemon.socket);
  chmodSync(directory, 0o755);
  const short = await daemon.run("ipc-send", "daemon.ping");
  const usual = await daemon.run("ipc-send", USUAL, "daemon.ping");
  chmodSync(directory, 0o700);
  assert(short.stderr.includes("so other users can get in"), short.stderr);
  assertEquals(short, usual);
});

Deno.test({
  name: "ipc-send prints null for an answer without data, and refuses what no decoder may take, in both ways",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using daemon = await DaemonSandbox.create(binary);
    mkdirSync(dirname(daemon.socket), { recursive: true, mode: 0o700 });
    const { mtimeMs, size } = statSync(binary.argv[0] ?? "");
    const ack = {
      version: VERSION,
      build: `${Math.floor(mtimeMs).toString(36)}-${size.toString(36)}`,
      protocol: PROTOCOL_RANGE[1],
      client_id: "1",
      pid: process.pid,
      ppid: process.ppid,
      epoch: "0",
      seq: 0,
      capabilities: [],
    };
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    /** JSON text as it is sent; undefined for none. */
    let data: string | undefined;
    const server = createServer((client) => {
      let bytes = Buffer.alloc(0);
      const send = (id: string, json: string | undefined, inLines: boolean) => {
        const rest = json === undefined ? "" : `,"data":${json}`;
        const text = Buffer.from(`{"type":"response","id":${JSON.stringify(id)}${rest}}`, "latin1");
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        client.write(Buffer.concat(inLines ? [text, Buffer.of(10)] : [length, text]));
      };
      client.on("error", () => {}).on("data", (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        for (;;) {
          if (bytes.length < 4) return;
          // A length's last byte is 0.
          const inLines = bytes[3] !== 0;
          const from = inLines ? 0 : 4;
          const end = inLines ? bytes.indexOf("\n") : 4 + bytes.readUInt32LE();
          if (end < 0 || bytes.length < end) return;
          const text = bytes.toString("utf8", from, end);
          bytes = bytes.subarray(inLines ? end + 1 : end);
          // A frame of no length says that lengths follow.
          if (text === "") continue;
          const { id, method } = JSON.parse(text);
          send(id, method === "hello" ? JSON.stringify(ack) : data, inLines);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(daemon.socket, resolve));
    try {
      // The message is one level more.
      const cases: [answer: string | undefined, code: number, stdout: string, stderr: string][] = [
        [undefined, 0, "null\n", ""],
        [nested(63), 0, `${nested(63)}\n`, ""],
        [nested(64), 3, "", "nested more than 64 deep"],
        [`{"a":${nested(64)},"a":1}`, 3, "", "nested more than 64 deep"],
        ['{"constructor":1}', 3, "", '"constructor"'],
        ['{"\\u005f_proto__":1}', 3, "", '"__proto__"'],
        [' { "a" : 1 }', 0, '{"a":1}\n', ""],
        ['"\0"', 3, "", "not valid JSON"],
        ['"\xff"', 3, "", "not valid UTF-8"],
        [`{${'"a":1,'.repeat(10_000)}"b":1}`, 3, "", "more than 10000 keys"],
      ];
      for (const [answer, code, stdout, stderr] of cases) {
        data = answer;
        for (const flags of [[], [USUAL]]) {
          const told = await daemon.run("ipc-send", ...flags, "daemon.status");
          assertEquals([told.code, told.stdout], [code, stdout], told.stderr);
          assertStringIncludes(told.stderr, stderr);
        }
      }
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  },
});

Deno.test({
  name: "a method that reads is asked together with the hello; another one waits for the answer to it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using daemon = await DaemonSandbox.create(binary);
    mkdirSync(dirname(daemon.socket), { recursive: true, mode: 0o700 });
    const asked: string[] = [];
    const refusal = { name: "unsupported_protocol", code: -32005, message: "no", data: { protocol: [2, 3] } };
    const server = createServer((client) => {
      let text = "";
      client.on("error", () => {}).on("data", (chunk) => {
        text += chunk.toString();
        const id = /"id":"([^"]*)"/.exec(text)?.[1];
        // Of a message with its length before it the length may come first.
        if (id === undefined || client.writableEnded) return;
        asked.push(text);
        const answer = Buffer.from(JSON.stringify({ type: "response", id, error: refusal }));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(answer.length);
        client.end(text.startsWith("{") ? `${answer}\n` : Buffer.concat([length, answer]));
      });
    });
    await new Promise<void>((resolve) => server.listen(daemon.socket, resolve));
    try {
      const firstMessages = { "daemon.ping": ["hello", "daemon.ping"], "daemon.stop": ["hello"] };
      for (const [method, expected] of Object.entries(firstMessages)) {
        asked.length = 0;
        const { code, stderr } = await daemon.run("ipc-send", method);
        assertEquals(code === 0, false);
        const methods = (asked[0] ?? "").matchAll(/"method":"([^"]+)"/g);
        assertEquals([...methods].map(([, name]) => name), expected, stderr);
      }
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  },
});
