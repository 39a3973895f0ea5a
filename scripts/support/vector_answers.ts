import { AnswerAssembler } from "../../src/channel/answer_assembler.ts";
import type { Message } from "../../src/protocol/envelope.ts";
import { FrameError } from "../../src/socket/framing/frame_error.ts";

/** Messages of answers in parts, and what comes of them. */
export interface AnswerVector {
  name: string;
  messages: Message[];
  /** The data of each answer that is complete before the refusal, as JSON. */
  answers: string[];
  refusal: string | null;
}

const part = (index: number, data: unknown, id = "1"): Message => ({ type: "part", id, index, data });
const end = (parts: number, id = "1"): Message => ({ type: "response", id, parts });

const ROWS: [name: string, ...messages: Message[]][] = [
  ["one part", part(0, "[1]"), end(1)],
  ["three parts, cut anywhere", part(0, '{"a":"é'), part(1, "🙂\\u00"), part(2, '41"}'), end(3)],
  [
    "answers that alternate",
    part(0, "[1", "1"),
    part(0, "[2", "2"),
    part(1, "]", "2"),
    end(2, "2"),
    part(1, "]"),
    end(2),
  ],
  ["an id that is used again", part(0, "[1]"), end(1), part(0, "[2]"), end(1)],
  ["a second part first", part(1, "[1]"), part(0, "[1]"), end(2)],
  ["a part twice", part(0, "1"), part(0, "1"), end(2)],
  ["a part left out", part(0, "1"), part(2, "1"), end(3)],
  ["a last part left out", part(0, "1"), end(2)],
  ["a part too many", part(0, "1"), part(1, "1"), end(1)],
  ["no part", end(1)],
  ["no part, and none announced", end(0)],
  ["an empty part", part(0, ""), part(1, "1"), end(2)],
  ["a part that is no text", part(0, [1]), end(1)],
  ["a part without a number", { type: "part", id: "1", data: "1" }, end(1)],
  ["a text that is cut off", part(0, "[1"), end(1)],
  ["a key that is refused", part(0, '{"__pro'), part(1, 'to__":1}'), end(2)],
  ["65 deep", part(0, "[".repeat(65)), part(1, "]".repeat(65)), end(2)],
];

export const ANSWERS: AnswerVector[] = ROWS.map(([name, ...messages]) => {
  const assembler = new AnswerAssembler();
  const answers: string[] = [];
  try {
    for (const message of messages) {
      if (message.type === "part") assembler.add(message.id ?? "", message);
      else answers.push(JSON.stringify(assembler.finish(message.id ?? "", message.parts ?? 0)));
    }
    return { name, messages, answers, refusal: null };
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { name, messages, answers, refusal: error.kind };
  }
});
