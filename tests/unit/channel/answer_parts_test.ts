import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { AnswerAssembler } from "../../../src/channel/answer_assembler.ts";
import { isTooLargeForFrame, messageText, PartedAnswer } from "../../../src/channel/parted_answer.ts";
import type { Message } from "../../../src/protocol/envelope.ts";
import { isMessage } from "../../../src/protocol/is_message.ts";
import { FrameError } from "../../../src/socket/framing/frame_error.ts";
import { decodeJson } from "../../../src/socket/framing/json_text.ts";
import { LIMITS } from "../../../src/socket/limits.ts";
import { Random } from "../../support/random.ts";

const NONE = Buffer.alloc(0);

/** Every message of an answer, as its receiver decodes them. */
function messagesOf(data: unknown, { id = "7", maxFrameBytes = LIMITS.frame } = {}): Message[] {
  const answer = new PartedAnswer(id, JSON.stringify(data), { maxFrameBytes });
  const messages: Message[] = [];
  while (!answer.ended) {
    const { json, around } = messageText(answer.next());
    const bytes = Buffer.concat([around?.head ?? NONE, Buffer.from(`${json}`), around?.tail ?? NONE]);
    assert(bytes.length <= maxFrameBytes, `${bytes.length} bytes`);
    const message = decodeJson(bytes, 0, bytes.length);
    assert(isMessage(message));
    messages.push(message);
  }
  return messages;
}

function assemble(messages: Message[], assembler: AnswerAssembler = new AnswerAssembler()): unknown {
  for (const message of messages) {
    if (message.type === "part") assembler.add(message.id ?? "", message);
    else return assembler.finish(message.id ?? "", message.parts ?? 0);
  }
}

function refusal(step: () => unknown): string {
  return assertThrows(step, FrameError).kind;
}

const CHARACTERS = ['"', "\\", "a", "é", "漢", "🙂", "\n", "\u2028", "\ud800", "\udc00", "{", ":"];

Deno.test("an answer in parts is the same answer, whatever it says and wherever it is cut", () => {
  const random = new Random(15);
  for (let round = 0; round < 200; round++) {
    const text = () => Array.from({ length: random.below(400) }, () => random.pick(CHARACTERS)).join("");
    const data = Array.from(
      { length: 1 + random.below(60) },
      () => ({ [text()]: text(), n: random.below(1000) }),
    );
    const messages = messagesOf(data, { maxFrameBytes: 2_300 + random.below(3_000) });
    // A lone surrogate is an escape in JSON, so it comes back as it was.
    assertEquals(JSON.stringify(assemble(messages)), JSON.stringify(data));
  }
});

Deno.test("parts of several answers may alternate", () => {
  const answers = ["1", "2", "3"].map((id) =>
    messagesOf(new Array(4_000).fill(`line ${id}`), { id, maxFrameBytes: 8_192 })
  );
  const assembler = new AnswerAssembler();
  for (let index = 0; answers.some((answer) => answer[index]?.type === "part"); index++) {
    for (const answer of answers) {
      const message = answer[index];
      if (message !== undefined) assembler.add(message.id ?? "", message);
    }
  }
  for (const [place, answer] of answers.entries()) {
    const end = answer.at(-1);
    assertEquals(
      assembler.finish(end?.id ?? "", end?.parts ?? 0),
      new Array(4_000).fill(`line ${place + 1}`),
    );
  }
  assertEquals(assembler.held, 0);
});

const WRONG: [what: string, change: (messages: Message[]) => Message[]][] = [
  [
    "in another order",
    ([first, second, ...rest]) => [second, first, ...rest].filter((one) => one !== undefined),
  ],
  ["with a part twice", ([first, ...rest]) => [first, first, ...rest].filter((one) => one !== undefined)],
  ["without its first part", ([, ...rest]) => rest],
  ["without a part", (messages) => messages.toSpliced(2, 1)],
  ["without its last part", (messages) => messages.toSpliced(-2, 1)],
  ["without any part", (messages) => messages.slice(-1)],
  ["with a part of no text", ([first, ...rest]) => [{ ...first, type: "part", data: "" }, ...rest]],
  ["with a part that is no text", ([first, ...rest]) => [{ ...first, type: "part", data: {} }, ...rest]],
  ["without an index", ([first, ...rest]) => [{ ...first, type: "part", index: undefined }, ...rest]],
];

for (const [what, change] of WRONG) {
  Deno.test(`an answer ${what} is refused`, () => {
    const messages = messagesOf(new Array(2_000).fill("line"), { maxFrameBytes: 4_096 });
    assert(messages.length > 5);
    assertEquals(refusal(() => assemble(change(messages))), "wrong-part");
  });
}

Deno.test("parts are taken up to the limit of all that have begun, and not one byte more", () => {
  const assembler = new AnswerAssembler(9);
  const part = (id: string, index: number, data: string) =>
    assembler.add(id, { type: "part", id, index, data });
  part("1", 0, "[1");
  part("2", 0, '"é');
  part("2", 1, 'ab"');
  part("1", 1, "]");
  assertEquals(assembler.held, 9);
  assertEquals(refusal(() => part("1", 2, " ")), "too-large");
  assertEquals([assembler.finish("1", 2), assembler.held], [[1], 6]);
  // What its request gave up waiting for makes room, too.
  assembler.drop("2");
  assertEquals(assembler.held, 0);
});

Deno.test("an answer in parts is checked as a frame is, with more keys allowed", () => {
  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 0]));
  const many = keys(LIMITS.jsonKeys + 1);
  assertEquals(assemble(messagesOf(many)), many);
  const parts = (text: string) =>
    assemble([
      { type: "part", id: "1", index: 0, data: text },
      { type: "response", id: "1", parts: 1 },
    ]);
  assertEquals(refusal(() => parts('{"__proto__":1}')), "forbidden-key");
  assertEquals(refusal(() => parts("[".repeat(65) + "]".repeat(65))), "too-deep");
  assertEquals(refusal(() => parts(`[${'{"":0},'.repeat(LIMITS.answerKeys)}{"":0}]`)), "too-many-keys");
  assertEquals(refusal(() => parts("[1")), "not-json");
  assertEquals(
    refusal(() => messagesOf(JSON.parse(`[${'{"":0},'.repeat(LIMITS.answerKeys)}{"":0}]`))),
    "too-many-keys",
  );
});

Deno.test("an answer goes in parts up to its limit; one byte more, and an id that leaves no room, are refused", () => {
  const text = (bytes: number) => `"${"x".repeat(bytes - 2)}"`;
  const limits = { maxFrameBytes: LIMITS.frame };
  assertEquals(new PartedAnswer("1", text(LIMITS.answer), limits).bytes, LIMITS.answer);
  const error = assertThrows(() => new PartedAnswer("1", text(LIMITS.answer + 1), limits), FrameError);
  assert(isTooLargeForFrame(error));
  assertEquals(
    refusal(() => new PartedAnswer("x".repeat(4_000), text(9_000), { maxFrameBytes: 4_096 })),
    "too-large",
  );
});
