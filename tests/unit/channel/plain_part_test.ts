import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { parseMessage } from "../../../src/channel/message_text.ts";
import { messageText, PartedAnswer } from "../../../src/channel/parted_answer.ts";
import { readPlainPart } from "../../../src/channel/plain_part.ts";
import { FrameError } from "../../../src/socket/framing/frame_error.ts";
import { LIMITS } from "../../../src/socket/limits.ts";

/** As a channel gets it: amid other bytes. */
function read(text: string | Buffer) {
  const body = Buffer.from(text);
  const bytes = Buffer.concat([Buffer.from('}"'), body, Buffer.from('"}')]);
  return readPlainPart(bytes, 2, 2 + body.length);
}

function asEveryMessage(text: string) {
  const bytes = Buffer.from(text);
  return parseMessage(bytes, 0, bytes.length, false);
}

for (
  const text of [
    '{"type":"part","id":"1","index":0,"data":"{\\"apps\\":["}',
    '{"type":"part","id":"123456","index":1023,"data":"\\\\\\" and \\u00e9"}',
    '{"type":"part","id":"7","index":10,"data":"é漢🙂"}',
    '{"type":"part","id":"7","index":1,"data":""}',
  ]
) {
  Deno.test(`readPlainPart() reads ${text} as every message is read`, () => {
    assertEquals(read(text), asEveryMessage(text));
  });
}

for (
  const text of [
    '{"type":"part","id":"1","index":0,"data":"a","data":"b"}',
    '{"type":"part","id":"1","index":0,"data":"a","__proto__":"b"}',
    '{"type":"part","id":"1","index":00,"data":"a"}',
    '{"type":"part","id":"1","index":1.5,"data":"a"}',
    '{"type":"part","id":"a","index":0,"data":"a"}',
    '{"type":"part","id":"1","index":0,"data":["a"]}',
    '{"type":"part","id":"1","index":0,"data":"a"',
    '{"type":"part","id":"1","index":0,"data":"a\\"}',
    '{"type":"part","id":"1","index":0,"data":"a\n"}',
    '{"type":"part","id":"1","index":0}',
    '{"index":0,"type":"part","id":"1","data":"a"}',
  ]
) {
  Deno.test(`readPlainPart() leaves ${JSON.stringify(text)} to the reading of all of it`, () => {
    assertEquals(read(text), undefined);
  });
}

Deno.test("readPlainPart() refuses a text that is not UTF-8", () => {
  const text = Buffer.from('{"type":"part","id":"1","index":0,"data":"\xff"}', "latin1");
  assertEquals(assertThrows(() => read(text), FrameError).kind, "not-utf8");
});

Deno.test("readPlainPart() reads every part that haft writes", () => {
  const text = JSON.stringify(Array.from({ length: 9_000 }, (_, n) => ({ name: `"é${n}"` })));
  const answer = new PartedAnswer("12", text, { maxFrameBytes: LIMITS.frame });
  let whole = "";
  for (let part = answer.next(); part.type === "part"; part = answer.next()) {
    const { json, around } = messageText(part);
    whole += read(`${around?.head}${json}${around?.tail}`)?.data;
  }
  assertEquals(whole, text);
});
