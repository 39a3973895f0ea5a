import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { readPlainRequest, requestEnvelope } from "../../../src/channel/plain_request.ts";
import { StreamChannel } from "../../../src/channel/stream_channel.ts";
import { FrameError } from "../../../src/socket/framing/frame_error.ts";
import { FrameWriter } from "../../../src/socket/framing/frame_writer.ts";
import { LIMITS } from "../../../src/socket/limits.ts";
import { daemonHarness } from "../../support/daemon_harness.ts";

/** Reads the frame amid other bytes that it has to leave alone. */
function read(text: string) {
  const around = Buffer.from('{"type":"request","id":"1","method":"x","data":{}}');
  const frame = Buffer.from(text);
  const bytes = Buffer.concat([around, frame, around]);
  return readPlainRequest(bytes, around.length, around.length + frame.length);
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const keys = (count: number) => `{${Array.from({ length: count }, (_, at) => `"${at}":0`).join(",")}}`;

for (
  const text of [
    '{"type":"request","id":"1","method":"daemon.ping"}',
    '{"type":"request","id":"123456789012345","method":"daemon.ping","data":{}}',
    '{"type":"request","id":"7","method":"a","data":{"a":[1,"}"]}}',
    '{"type":"request","id":"7","method":"a","data":"é🙂"}',
    '{"type":"request","id":"7","method":"a","data": null }',
    '{"type":"request","id":"7","method":"","data":[]}',
    `{"type":"request","id":"7","method":"${"long".repeat(40)}","data":7}`,
    `{"type":"request","id":"7","method":"a","data":${deep(LIMITS.jsonNesting - 1)}}`,
    `{"type":"request","id":"7","method":"a","data":${keys(LIMITS.jsonKeys - 4)}}`,
  ]
) {
  Deno.test(`readPlainRequest() gives what JSON.parse gives of ${text.slice(0, 70)}`, () => {
    assertEquals(read(text), JSON.parse(text));
  });
}

Deno.test("readPlainRequest() tells methods of one length apart", () => {
  const of = (method: string) => read(`{"type":"request","id":"1","method":"${method}"}`)?.method;
  assertEquals(["app.stop", "app.list", "app.stop", "app.lis"].map(of), [
    "app.stop",
    "app.list",
    "app.stop",
    "app.lis",
  ]);
});

for (
  const text of [
    '{"type":"response","id":"1","method":"a","data":{}}',
    '{"id":"1","type":"request","method":"a"}',
    '{"type":"request","id":"01","method":"a"}',
    '{"type":"request","id":"0","method":"a"}',
    '{"type":"request","id":"1234567890123456","method":"a"}',
    '{"type":"request","id":"a1","method":"a"}',
    '{"type":"request","id":"","method":"a"}',
    '{"type":"request","id":1,"method":"a"}',
    String.raw`{"type":"request","id":"1","method":"a\u0062"}`,
    '{"type":"request","id":"1","method":"é"}',
    '{"type":"request","id":"1","method":"a" }',
    '{"type":"request","id":"1","method":"a"',
    '{"type":"request","id":"1","method":"a","data":}',
    '{"type":"request","id":"1","method":"a","data":7}}',
    '{"type":"request","id":"1","method":"a","data":7,"oneway":true}',
    '{"type":"request","id":"1","method":"a","data":{},"id":"2"}',
    '{"type":"request","id":"1","method":"a","oneway":true}',
    '{"type":"request","id":"1","method":"a',
  ]
) {
  Deno.test(`readPlainRequest() leaves ${text} to the whole message's reading`, () => {
    assertEquals(read(text), undefined);
  });
}

for (
  const [kind, text] of [
    ["too-deep", `{"type":"request","id":"7","method":"a","data":${deep(LIMITS.jsonNesting)}}`],
    ["too-many-keys", `{"type":"request","id":"7","method":"a","data":${keys(LIMITS.jsonKeys - 3)}}`],
    ["forbidden-key", '{"type":"request","id":"7","method":"a","data":{"__proto__":7}}'],
    ["not-utf8", undefined],
  ] as const
) {
  Deno.test(`readPlainRequest() refuses data that is ${kind}, as a whole frame is`, () => {
    const bytes = text === undefined
      ? Buffer.from('{"type":"request","id":"7","method":"a","data":"\xff"}', "latin1")
      : Buffer.from(text);
    assertEquals(assertThrows(() => readPlainRequest(bytes, 0, bytes.length), FrameError).kind, kind);
  });
}

function written(method: string, id: string | number, data: string): string {
  const out: Buffer[] = [];
  const writer = new FrameWriter({ framing: "lines", write: (bytes) => out.push(Buffer.from(bytes)) > 0 });
  const envelope = requestEnvelope(method);
  if (envelope === undefined) return "";
  writer.pushIn(envelope, id, data);
  writer.flush();
  return Buffer.concat(out).toString();
}

for (const data of ["{}", '"é🙂"', '{"a":"' + "x".repeat(200) + 'é"}', '{"a":"' + "é".repeat(9_000) + '"}']) {
  Deno.test(`a request's envelope around ${data.slice(0, 12)} of ${data.length} is its JSON text`, () => {
    const message = { type: "request", id: "12", method: 'say "hi"', data: JSON.parse(data) };
    assertEquals(written('say "hi"', "12", data), `${JSON.stringify(message)}\n`);
  });
}

Deno.test("a method that is not ASCII has no envelope", () => {
  assertEquals(requestEnvelope("é"), undefined);
});

for (
  const [kind, data] of [["too-deep", deep(LIMITS.jsonNesting)], ["too-many-keys", keys(LIMITS.jsonKeys - 3)]]
) {
  Deno.test(`a message in an envelope that its peer would refuse as ${kind} is not sent`, () => {
    assertThrows(() => written("a", "1", data ?? ""), FrameError);
  });
}

function sent(data: unknown, options?: { method?: string }): unknown {
  const out: Buffer[] = [];
  const channel = new StreamChannel({
    name: "test",
    framing: "lines",
    socket: {
      write: (bytes) => out.push(Buffer.from(bytes)) > 0,
      pause() {},
      resume() {},
      close() {},
      peerUid: () => undefined,
    },
  });
  channel.request(options?.method ?? "ping", data).catch(() => {});
  void channel.close();
  const texts = Buffer.concat(out).toString().split("\n").filter((line) => line !== "");
  return texts.map((line) => JSON.parse(line));
}

for (
  const data of [
    {},
    [],
    null,
    7,
    "é",
    { a: 1 },
    { a: undefined },
    new Map([[1, 2]]),
    new Date(0),
    Object.create(null),
    Object.create({ a: 1 }),
    { toJSON: () => "said so" },
  ]
) {
  Deno.test(`a request for ${Deno.inspect(data)} goes out as its JSON text`, () => {
    const message = { type: "request", id: "1", method: "ping", data };
    assertEquals(sent(data), [JSON.parse(JSON.stringify(message))]);
  });
}

Deno.test("an empty object whose toJSON no loop finds goes out as what it gives", () => {
  const data = Object.defineProperty({}, "toJSON", { value: () => "said so" });
  assertEquals(sent(data), [{ type: "request", id: "1", method: "ping", data: "said so" }]);
});

Deno.test("a request whose data JSON leaves out, or whose method is long or not ASCII, goes out whole", () => {
  assertEquals(sent(() => {}), [{ type: "request", id: "1", method: "ping" }]);
  assertEquals(sent({}, { method: "é" }), [{ type: "request", id: "1", method: "é", data: {} }]);
  const long = "a".repeat(1000);
  assertEquals(sent({}, { method: long }), [{ type: "request", id: "1", method: long, data: {} }]);
  assertEquals(requestEnvelope(long), undefined);
});

for (const id of [1, 9, 10, 99, 100, 123_456_789, 999_999_999_999_999, Number.MAX_SAFE_INTEGER]) {
  Deno.test(`a message's id ${id} is written as its digits`, () => {
    assertEquals(JSON.parse(written("a", id, "{}")).id, `${id}`);
  });
}

for (const id of ["a1", "0", "12x", 'say "hi"', "back\\slash", "é", "", "x".repeat(100), "new\nline"]) {
  Deno.test(`the daemon answers to the id ${JSON.stringify(id.slice(0, 12))} as it was`, async () => {
    await using harness = daemonHarness();
    const answers = await harness.connect().ask({ type: "request", id, method: "daemon.ping", data: {} });
    assertEquals(answers.map((answer) => answer["id"]), [id]);
  });
}
