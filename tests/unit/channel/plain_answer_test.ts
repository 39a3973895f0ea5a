import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { plainAnswerData, plainAnswerId } from "../../../src/channel/plain_answer.ts";
import { StreamChannel } from "../../../src/channel/stream_channel.ts";
import { RequestError } from "../../../src/protocol/wire_error.ts";
import { LIMITS } from "../../../src/socket/limits.ts";

/** A channel with one request, "1", in flight; `receive` gives it frames as its peer would send them. */
function asked() {
  const channel = new StreamChannel({
    name: "test",
    framing: "length",
    socket: { write: () => true, pause() {}, resume() {}, close() {}, peerUid: () => undefined },
  });
  const answer = channel.request("ping");
  // Its failure is looked at later.
  answer.catch(() => {});
  return {
    channel,
    answer,
    receive(...texts: string[]) {
      const frames = texts.flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(text));
        return [length, Buffer.from(text)];
      });
      channel.handler.data(Buffer.concat(frames));
    },
  };
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

for (
  const [text, data] of [
    ['{"type":"response","id":"1","data":{"a":[1,"}"]}}', { a: [1, "}"] }],
    ['{"type":"response","id":"1","data":"é🙂"}', "é🙂"],
    ['{"type":"response","id":"1","data":null}', null],
    ['{"type":"response","id":"1","data": 7 }', 7],
    ['{"id":"1","data":7,"type":"response"}', 7],
    ['{"type":"response","id":"1"}', undefined],
    ['{"type":"response","id":"1","data":6,"data":7}', 7],
    ['{"type":"response","id":"2","data":6,"id":"1"}', 6],
    ['{"type":"response","id":"1","data":7,"more":"}"}', 7],
    [
      `{"type":"response","id":"1","data":${deep(LIMITS.jsonNesting - 1)}}`,
      JSON.parse(
        deep(LIMITS.jsonNesting - 1),
      ),
    ],
  ] as const
) {
  Deno.test(`a request resolves with what ${text.slice(0, 60)} says`, async () => {
    const { channel, answer, receive } = asked();
    receive(text);
    assertEquals(await answer, data);
    assertEquals(channel.tryRecv(), undefined);
    assertEquals(channel.metrics().messages_received, 1);
    await channel.close();
  });
}

Deno.test("an answer with an error after its data rejects the request", async () => {
  const { channel, answer, receive } = asked();
  receive('{"type":"response","id":"1","data":7,"error":{"code":1,"name":"failed","message":"no"}}');
  await assertRejects(() => answer, RequestError, "no");
  await channel.close();
});

for (const id of ["2", "01", "0", "1x", "", "1e0", "1111111111111111111"]) {
  Deno.test(`an answer to "${id}" is not the one to "1"`, async () => {
    const { channel, answer, receive } = asked();
    const stray = `{"type":"response","id":"${id}","data":6}`;
    receive(stray, '{"type":"response","id":"1","data":7}');
    assertEquals(await answer, 7);
    assertEquals(channel.tryRecv(), JSON.parse(stray));
    await channel.close();
  });
}

for (
  const text of [
    '{"type":"response","id":"1","data":}',
    '{"type":"response","id":"1","data":7}}',
    '{"type":"response","id":"1","data":7,}',
    '{"type":"response","id":"1","data":7},"a":{}',
    '{"type":"response","id":"1","data":{"__proto__":7}}',
    `{"type":"response","id":"1","data":${deep(LIMITS.jsonNesting)}}`,
  ]
) {
  Deno.test(`${text.slice(0, 60)} breaks the protocol`, async () => {
    const { channel, answer, receive } = asked();
    receive(text);
    await assertRejects(() => answer, Error, "broke the protocol");
    await channel.close();
  });
}

Deno.test("an answer that ends before its data does not take the next frame's", () => {
  const bytes = Buffer.from('{"type":"response","id":"1}","data":{}}');
  const end = bytes.indexOf("}") + 1;
  assertEquals(plainAnswerData(bytes, 0, end), -1);
});

Deno.test("a plain answer's id is exact up to fifteen digits", () => {
  const bytes = Buffer.from('{"type":"response","id":"123456789012345","data":{}}');
  const data = plainAnswerData(bytes, 0, bytes.length);
  assert(data > 0);
  assertEquals(plainAnswerId(bytes, 0, data), 123_456_789_012_345);
});
