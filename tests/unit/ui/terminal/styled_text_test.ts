import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import {
  columnsOf,
  findAll,
  highlighted,
  programLines,
  withoutColor,
  wrapped,
} from "../../../../src/ui/terminal/styled_text.ts";

const TEXTS = [
  "plain text that is longer than some screens are wide",
  "\x1b[31mred\x1b[0m and \x1b[1;38;5;200mmore\x1b[m",
  "你好世界，这是一行中文",
  "👩‍👩‍👧 family 🎉🎉🎉 flags 🇩🇪🇫🇷",
  "e\u0301 combining \u200d joiner",
  "a\tb\t\tc",
  "x".repeat(500),
];

Deno.test("programLines() keeps colours and lets nothing else of a program reach the terminal", () => {
  const rows: [string, string[]][] = [
    ["\x1b[31mred\x1b[0m", ["\x1b[31mred\x1b[0m"]],
    ["a\x1b[2Jb\x1b]0;title\x07c\x1b]52;c;eA==\x1b\\d", ["abcd"]],
    ["a\x1bcb", ["ab"]],
    ["first\rsecond", ["first", "second"]],
    ["a\tb\tc", ["a       b       c"]],
    ["\tx", ["        x"]],
    ["你\tb", ["你      b"]],
    ["\u202eevil\x9b31m", ["\\u202eevil\x1b[31m\x1b[0m"]],
  ];
  for (const [text, expected] of rows) assertEquals(programLines(text, { color: true }), expected, text);
  assertEquals(programLines("\x1b[31mred", { color: false }), ["red"]);
});

Deno.test("columnsOf() and wrapped() fit every text into 20 to 200 columns, and into few", () => {
  for (const text of TEXTS.flatMap((one) => programLines(one, { color: true }))) {
    for (const columns of [1, 2, 3, 7, 20, 21, 40, 80, 120, 200]) {
      for (const from of [0, 1, 8]) {
        assert(stringWidth(columnsOf(text, { from, columns })) <= columns, `${columns}: ${text}`);
      }
      const lines = wrapped(text, columns);
      for (const line of lines) assert(stringWidth(line) <= columns, `${columns}: ${line}`);
      if (columns < 2) continue;
      assertEquals(
        lines.map(withoutColor).join("").normalize(),
        withoutColor(text).normalize(),
        `${columns}`,
      );
    }
  }
});

Deno.test("findAll() takes lower case for both cases; highlighted() marks what it finds through colours", () => {
  assertEquals(findAll("Error: no error", "error"), [0, 10]);
  assertEquals(findAll("Error: no error", "Error"), [0]);
  assertEquals(findAll("anything", ""), []);
  assertEquals(highlighted("an error", "error"), "an \x1b[7merror\x1b[27m");
  assertEquals(
    highlighted("an er\x1b[31mror!\x1b[0m", "error"),
    "an \x1b[7mer\x1b[31m\x1b[7mror\x1b[27m!\x1b[0m",
  );
  assertEquals(highlighted("aaaa", "aa"), "\x1b[7maaaa\x1b[27m");
});
