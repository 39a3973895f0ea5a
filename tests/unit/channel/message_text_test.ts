import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { dataText, parseMessage, readData } from "../../../src/channel/message_text.ts";
import { scanJson } from "../../../src/socket/framing/json_text.ts";
import { FrameError } from "../../../src/socket/framing/frame_error.ts";

/** The frame's text. */
const written = (data: unknown) => {
  const { json, around } = dataText(data);
  return around === undefined ? `${json}` : `${around.head}${json}${around.tail}`;
};

/** As a channel reads a frame. */
const decodeMessage = (bytes: Buffer, start: number, end: number) =>
  readData(bytes, start, end) ?? parseMessage(bytes, start, end, scanJson(bytes, start, end));

const decode = (text: string) => {
  const bytes = Buffer.from(`xx${text}xx`);
  return decodeMessage(bytes, 2, bytes.length - 2);
};

Deno.test("dataText() gives what JSON.stringify gives", () => {
  for (
    const data of [
      0,
      -0,
      -1,
      -1.5,
      1e21,
      NaN,
      null,
      true,
      "é\n",
      [1],
      { a: [{}] },
      undefined,
      () => {},
      new Date(0),
    ]
  ) {
    assertEquals(written(data), JSON.stringify({ type: "data", data }));
  }
});

Deno.test("dataText() of a long text gives what JSON.stringify gives, and decodeMessage() gives the text back", () => {
  const long = "x".repeat(1_000);
  for (
    const part of ["", '"', "\\", "\n", "\0", "\x1f", "\x7f", "é", "語", "\u2028", "\u{1f600}", "\ud800", "}"]
  ) {
    for (const data of [`${part}${long}`, `${long}${part}`, `${long}${part}${long}`]) {
      const text = written(data);
      assertEquals(JSON.parse(text), JSON.parse(JSON.stringify({ type: "data", data })));
      assertEquals(decode(text), { type: "data", data });
    }
  }
});

Deno.test("decodeMessage() refuses a long text that JSON does not allow", () => {
  const long = "x".repeat(1_000);
  for (
    const inner of [`${long}\n`, `${long}\0${long}`, `${long}"`, `${long}\\`]
  ) {
    const text = `{"type":"data","data":"${inner}"}`;
    assertEquals(assertThrows(() => decode(text), FrameError).kind, "not-json", inner);
  }
  const forbidden = `{"type":"data","data":"${long}","__proto__":"b"}`;
  assertEquals(assertThrows(() => decode(forbidden), FrameError).kind, "forbidden-key");
  assertEquals(decode(`{"type":"data","data":"${long}","id":"1"}`), { type: "data", data: long, id: "1" });
  const bytes = Buffer.from(`{"type":"data","data":"${long}"}`);
  bytes[500] = 0xff;
  assertEquals(assertThrows(() => decodeMessage(bytes, 0, bytes.length), FrameError).kind, "not-utf8");
});

Deno.test("decodeMessage() gives what JSON.parse gives, however the frame is written", () => {
  for (
    const text of [
      '{"type":"data","data":1}',
      '{"type":"data","data":0}',
      '{"type":"data","data":""}',
      '{"type":"data","data":"a\x7f"}',
      '{"type":"data","data":"a\\n\\u0041\\""}',
      '{"type":"data","data":"é"}',
      '{"type":"data","data":"a","id":"b"}',
      '{"type":"data","data":{"a":1},"seq":2}',
      '{"type":"data","data":-0}',
      '{"type":"data","data":123456789012345}',
      '{"type":"data","data":12345678901234567}',
      '{"type":"data","data": {"a":"é}"} }',
      '{"type":"data","data":1,"seq":2}',
      '{"type":"data","data":{"a":1},"data":2}',
      '{"type":"data","data":1,"type":"ready"}',
      '{"type":"data"}',
      '{ "type":"data","data":"}"}',
      '{"type":"event","event":"a","data":[]}',
    ]
  ) assertEquals(decode(text), JSON.parse(text));
});

Deno.test("decodeMessage() refuses what is no message, with its reason", () => {
  const rows: [text: string, kind: FrameError["kind"]][] = [
    ['{"type":"data","data":}', "not-json"],
    ['{"type":"data","data":01}', "not-json"],
    ['{"type":"data","data":"}', "not-json"],
    ['{"type":"data","data":"a"b"}', "not-json"],
    ['{"type":"data","data":"a\\"}', "not-json"],
    ['{"type":"data","data":"a\n"}', "not-json"],
    ['{"type":"data","data":1:}', "not-json"],
    ['{"type":"data","data":1}}', "not-json"],
    ['{"type":"data","data":1', "not-json"],
    ['{"type":"data","data":1,"seq":"2"}', "not-a-message"],
    ['{"type":"data","data":{"__proto__":1}}', "forbidden-key"],
    [`{"type":"data","data":${"[".repeat(64)}${"]".repeat(64)}}`, "too-deep"],
    ["5", "not-a-message"],
  ];
  for (const [text, kind] of rows) {
    assertEquals(assertThrows(() => decode(text), FrameError).kind, kind, text);
  }
  const bytes = Buffer.concat([Buffer.from('{"type":"data","data":"'), Buffer.of(0xff), Buffer.from('"}')]);
  const error = assertThrows(() => decodeMessage(bytes, 0, bytes.length), FrameError);
  assertEquals(error.kind, "not-utf8");
});
