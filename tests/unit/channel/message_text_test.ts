import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { dataText, decodeMessage } from "../../../src/channel/message_text.ts";
import { FrameError } from "../../../src/socket/framing/frame_error.ts";

const decode = (text: string) => {
  const bytes = Buffer.from(`xx${text}xx`);
  return decodeMessage(bytes, 2, bytes.length - 2);
};

Deno.test("dataText() gives what JSON.stringify gives", () => {
  for (const data of [0, -1.5, NaN, null, true, "é\n", [1], { a: [{}] }, undefined, () => {}, new Date(0)]) {
    assertEquals(dataText(data), JSON.stringify({ type: "data", data }));
  }
});

Deno.test("decodeMessage() gives what JSON.parse gives, however the frame is written", () => {
  for (
    const text of [
      '{"type":"data","data":1}',
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
