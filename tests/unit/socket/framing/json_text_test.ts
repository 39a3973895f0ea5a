import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { FrameError } from "../../../../src/socket/framing/frame_error.ts";
import { decodeJson } from "../../../../src/socket/framing/json_text.ts";
import { LIMITS } from "../../../../src/socket/limits.ts";

function decode(text: string | Buffer): unknown {
  const body = Buffer.from(text as string);
  // With neighbours on both sides, which must not be looked at.
  const bytes = Buffer.concat([Buffer.from('"{[é'), body, Buffer.from('é"}]')]);
  const start = Buffer.byteLength('"{[é');
  return decodeJson(bytes, start, start + body.length);
}

function kindOf(text: string | Buffer): string {
  return assertThrows(() => decode(text), FrameError).kind;
}

Deno.test("decodeJson() gives what JSON.parse gives", () => {
  const long = "x".repeat(1000);
  const values: unknown[] = [
    null,
    0,
    -1.5e300,
    "",
    "é\u{1f600}\u2028\ud800",
    '\\"\b\f\n\r\t\u0001/',
    `${long}"\\`,
    `${long}é`,
    { [long]: { [`${long}"`]: [`\\${long}\\`, `${long}\\"`] } },
    [[], {}, [[{}]]],
    { a: { "[{:": "]}:" } },
    { prototype: 1, __proto: 2, constructors: 3, proto__: 4 },
    ["__proto__", "constructor", { v: "__proto__" }],
  ];
  for (const value of values) assertEquals(decode(JSON.stringify(value)), value);
  assertEquals(decode(' { "a" : [ 1 , 2 ] }\r'), { a: [1, 2] });
});

Deno.test("decodeJson() finds the end of a long string wherever it has quotes and backslashes", () => {
  const far = "x".repeat(300);
  const parts = ["", "\\", '"', '\\"', far, `${far}"`, `"${"y".repeat(255)}`, `\\${"y".repeat(254)}`];
  for (const first of parts) {
    for (const second of parts) {
      for (const third of parts) {
        const text = `${far}${first}${second}${third}`;
        // Were the end taken for another one, the brackets after it would be too deep or uncounted.
        const deep = (depth: number) => `[${JSON.stringify(text)},${"[".repeat(depth)}${"]".repeat(depth)}]`;
        decode(deep(LIMITS.jsonNesting - 1));
        assertEquals(kindOf(deep(LIMITS.jsonNesting)), "too-deep");
        assertEquals(decode(JSON.stringify([text, { "[": text }])), [text, { "[": text }]);
      }
    }
  }
});

Deno.test("decodeJson() passes nesting of 64 and refuses 65, before parsing", () => {
  const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
  decode(nested(LIMITS.jsonNesting, "[", "]"));
  assertEquals(kindOf(nested(LIMITS.jsonNesting + 1, "[", "]")), "too-deep");
  const objects = (depth: number) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  decode(objects(LIMITS.jsonNesting));
  assertEquals(kindOf(objects(LIMITS.jsonNesting + 1)), "too-deep");
  // Not even well-formed: it never reaches the parser.
  assertEquals(kindOf("[".repeat(1_000_000)), "too-deep");
  // Siblings are not depth, and brackets in strings are not brackets.
  decode(`[${Array(500).fill("[[]]").join(",")}]`);
  decode(JSON.stringify({ text: "[{".repeat(500), quoted: '"[['.repeat(100) }));
});

Deno.test("decodeJson() passes 10,000 keys and refuses one more, in one object or in many", () => {
  const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join(",")}}`;
  decode(keys(LIMITS.jsonKeys));
  assertEquals(kindOf(keys(LIMITS.jsonKeys + 1)), "too-many-keys");
  const objects = (count: number) => `[${Array(count).fill('{"a":":"}').join(",")}]`;
  decode(objects(LIMITS.jsonKeys));
  assertEquals(kindOf(objects(LIMITS.jsonKeys + 1)), "too-many-keys");
});

Deno.test("decodeJson() refuses __proto__ and constructor as keys, however they are spelled", () => {
  const escape = (key: string) =>
    [...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  for (const key of ["__proto__", "constructor"]) {
    const half = key.slice(0, 4) + escape(key.slice(4, 5)) + key.slice(5);
    for (const spelled of [key, escape(key), half]) {
      for (const colon of [":", " :", "\t:\n"]) {
        assertEquals(kindOf(`{"${spelled}"${colon}1}`), "forbidden-key");
        assertEquals(kindOf(`[{"a":{"b":1,"${spelled}"${colon}{}}}]`), "forbidden-key");
      }
    }
  }
});

Deno.test("decodeJson() refuses what is not UTF-8", () => {
  const bad = [
    [0xff],
    [0x80],
    [0xc3],
    [0xc0, 0xaf],
    [0xe0, 0x80, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
  ];
  for (const bytes of bad) {
    for (const padding of ["", "x".repeat(1000)]) {
      const text = Buffer.concat([Buffer.from(`"${padding}`), Buffer.from(bytes), Buffer.from('"')]);
      assertEquals(kindOf(text), "not-utf8");
    }
    // After a backslash, outside a string, and in a key.
    assertEquals(
      kindOf(Buffer.concat([Buffer.from('"\\'), Buffer.from(bytes), Buffer.from('"')])),
      "not-utf8",
    );
    assertEquals(
      kindOf(Buffer.concat([Buffer.from("[1,"), Buffer.from(bytes), Buffer.from("]")])),
      "not-utf8",
    );
    assertEquals(
      kindOf(Buffer.concat([Buffer.from('{"'), Buffer.from(bytes), Buffer.from('":1}')])),
      "not-utf8",
    );
  }
  // U+FFFD itself is a character like any other.
  assertEquals(decode('"\ufffd"'), "\ufffd");
});

Deno.test("decodeJson() refuses what is not JSON", () => {
  for (
    const text of [
      "{",
      "nul",
      "[1,]",
      "'a'",
      '{"a"}',
      '"a',
      '"\\',
      "\ufeff{}",
      "1 2",
      "NaN",
      '"\n"',
      "{]",
      "\0",
    ]
  ) {
    assertEquals(kindOf(text), "not-json");
  }
});
