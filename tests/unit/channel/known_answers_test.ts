import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { KnownAnswers } from "../../../src/channel/known_answers.ts";
import { FrameError } from "../../../src/socket/framing/frame_error.ts";

function reader() {
  const answers = new KnownAnswers();
  return (text: string) => {
    const bytes = Buffer.from(`[${text}]`);
    return answers.read(bytes, 1, bytes.length - 1);
  };
}

Deno.test("an answer that comes again is a new object, whatever its first receiver did with it", () => {
  const read = reader();
  for (let time = 0; time < 4; time++) {
    const value = read('{"b":1,"a":"x","2":null,"1":true}') as Record<string, unknown>;
    assertEquals(value, { b: 1, a: "x", 2: null, 1: true });
    assertEquals(Object.keys(value), ["1", "2", "b", "a"]);
    assert(Object.getPrototypeOf(value) === Object.prototype);
    value.a = "changed";
    delete value.b;
  }
});

Deno.test("what an answer holds inside of it is its receiver's, too", () => {
  const read = reader();
  for (const text of ['{"a":{"b":1}}', '{"a":[1]}', "[1,2]", '[{"a":1}]']) {
    for (let time = 0; time < 3; time++) {
      const value = read(text);
      assertEquals(value, JSON.parse(text));
      for (const inside of [value, ...Object.values(value as object)]) {
        if (typeof inside === "object") Object.assign(inside, { a: "changed", 0: "changed" });
      }
    }
  }
});

Deno.test("answers of one length are told apart, in any order", () => {
  const read = reader();
  for (let n = 0; n < 2_000; n++) {
    const a = n % 3 === 0 ? 1 : n % 7 === 0 ? 2 : Math.floor(n / 100) % 10;
    assertEquals(read(`{"a":${a}}`), { a });
  }
});

for (const text of ["-0", "7", '"é🙂"', "null", "true", "{}", '{"s":""}', `"${"x".repeat(400)}"`]) {
  Deno.test(`an answer with ${text.slice(0, 10)} is the same each time`, () => {
    const read = reader();
    for (let time = 0; time < 3; time++) {
      assert(Object.is(JSON.stringify(read(text)), JSON.stringify(JSON.parse(text))));
    }
  });
}

Deno.test("an answer that is refused once is refused again", () => {
  const read = reader();
  for (const text of ['{"__proto__":1}', '{"constructor":1}', "[".repeat(64) + "]".repeat(64), "{", ""]) {
    for (let time = 0; time < 3; time++) assertThrows(() => read(text), FrameError);
  }
});
