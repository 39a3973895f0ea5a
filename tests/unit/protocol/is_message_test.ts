import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { Message } from "../../../src/protocol/envelope.ts";
import { isMessage } from "../../../src/protocol/is_message.ts";
import { Random, testSeed } from "../../support/random.ts";

const VALUES: unknown[] = [
  undefined,
  null,
  true,
  0,
  -1.5,
  NaN,
  "",
  "x",
  "request",
  "response",
  "event",
  "ping",
  "pong",
  "data",
  "ready",
  "constructor",
  [],
  [1],
  {},
  { code: 1, message: "m" },
  { code: "1", message: "m" },
  { code: 1 },
  { message: "m" },
  { code: NaN, message: "m" },
  { code: 1, message: null },
  { code: 1, message: "m", data: [1], more: 2 },
  [{ code: 1 }],
];
const KEYS = ["type", "id", "method", "event", "data", "error", "more"];

function agree(value: unknown): boolean {
  const verdict = v.is(Message, value);
  assertEquals(isMessage(value), verdict, JSON.stringify(value));
  return verdict;
}

Deno.test("isMessage() and the schema agree on every single field's values", () => {
  for (const value of VALUES) agree(value);
  for (const key of KEYS) {
    for (const value of VALUES) {
      agree({ [key]: value });
      agree({ type: "event", [key]: value });
    }
  }
});

Deno.test("isMessage() and the schema agree on generated messages", () => {
  const seed = testSeed();
  const random = new Random(seed);
  let accepted = 0;
  for (let i = 0; i < 50_000; i++) {
    const value: Record<string, unknown> = { type: random.pick(["event", "request", ...VALUES]) };
    for (let n = random.below(4); n > 0; n--) value[random.pick(KEYS)] = random.pick(VALUES);
    if (agree(value)) accepted++;
  }
  console.log(`50000 messages, HAFT_TEST_SEED=${seed}: ${accepted} accepted by both`);
});
