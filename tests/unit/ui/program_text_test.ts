import { assertEquals } from "@std/assert";
import { ProgramText } from "../../../src/ui/program_text.ts";
import { terminalText } from "../../../src/ui/terminal_text.ts";

/** What a terminal gets of a program's output that comes in these pieces. */
function shown(pieces: string[], color = true): string {
  const program = new ProgramText({ color });
  return terminalText(pieces.map((piece) => program.push(piece)).join("") + program.end(), { color });
}

const rows: [name: string, pieces: string[], colored: string, plain: string][] = [
  ["colours", ["\x1b[31mred\x1b[0m\n"], "\x1b[31mred\x1b[0m\n", "red\n"],
  ["colours without parameters", ["\x1b[1mb\x1b[m\n"], "\x1b[1mb\x1b[0m\n", "b\n"],
  ["colours of 24 bits", ["\x1b[38;2;1;2;3mx\x1b[0m\n"], "\x1b[38;2;1;2;3mx\x1b[0m\n", "x\n"],
  ["movements, erasing and the cursor", ["a\x1b[2Ab\x1b[2K\x1b[?25lc\x1b[1;1H\n"], "abc\n", "abc\n"],
  ["a title, links and the clipboard", ["\x1b]0;t\x07a\x1b]52;c;eA==\x1b\\b\x1b]8;;x\x07\n"], "ab\n", "ab\n"],
  ["other strings and single escapes", ["\x1bPq\x1b\\a\x1b_x\x1b\\b\x1bc\x1b(B\x1b7\n"], "ab\n", "ab\n"],
  ["the C1 forms", ["\x9b31mred\x9b0m \x9d0;t\x9c\n"], "\x1b[31mred\x1b[0m \n", "red \n"],
  ["the bell", ["a\x07b\n"], "ab\n", "ab\n"],
  ["a progress bar", ["10%\r20%\r", "\nok\r\n"], "10%\n20%\nok\n", "10%\n20%\nok\n"],
  ["a sequence in two pieces", ["a\x1b", "[3", "1mb\x1b[0", "m\n"], "a\x1b[31mb\x1b[0m\n", "ab\n"],
  ["a clipboard in two pieces", ["a\x1b]52;c;e", "A==\x1b", "\\b\n"], "ab\n", "ab\n"],
  ["bidirectional controls", ["a\u202eb\n"], "a\\u202eb\n", "a\\u202eb\n"],
  ["a sequence without an end", ["a\x1b]52;c;eA=="], "a\\u001b]52;c;eA==", "a\\u001b]52;c;eA=="],
];

for (const [name, pieces, colored, plain] of rows) {
  Deno.test(`ProgramText passes ${name}`, () => {
    assertEquals(shown(pieces), colored);
    assertEquals(shown(pieces, false), plain);
  });
}

Deno.test("ProgramText ends a colour with its line and takes it up on the next", () => {
  assertEquals(shown(["\x1b[31ma\nb\n", "\x1b[0mc"]), "\x1b[31ma\x1b[0m\n\x1b[31mb\x1b[0m\n\x1b[31m\x1b[0mc");
  assertEquals(shown(["\x1b[31mleft on"]), "\x1b[31mleft on\x1b[0m");
});

Deno.test("ProgramText gives up on a sequence that never ends, and takes time in proportion to the text", () => {
  const text = shown([`\x1b]52;c;${"A".repeat(100_000)}`, "B".repeat(100_000), "C\n"]);
  assertEquals([text.startsWith("\\u001b]52"), text.endsWith("BC\n")], [true, true]);
  for (const part of ["\x1b]", "\x9d", "\x1b[", "\x1b[1;", "\r", "\x1b[31m"]) {
    assertEquals(shown([part.repeat(100_000), part.repeat(100_000)], false).includes("\x1b"), false);
  }
});
