import { assertEquals } from "@std/assert";
import { createStyle } from "../../../src/ui/style.ts";
import { table } from "../../../src/ui/table.ts";
import { cellText, plainText, terminalText } from "../../../src/ui/terminal_text.ts";
import { widest } from "../../../src/ui/text.ts";

const rows: [name: string, text: string, shown: string][] = [
  ["plain text", "Hello, wörld ✓ 日本 🎉\n\tdone", "Hello, wörld ✓ 日本 🎉\n\tdone"],
  ["a family of emoji", "👩‍👩‍👧", "👩‍👩‍👧"],
  ["colours that are not haft's", "\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"],
  [
    "a title and the clipboard",
    "\x1b]0;t\x07\x1b]52;c;eA==\x1b\\",
    "\\u001b]0;t\\u0007\\u001b]52;c;eA==\\u001b\\",
  ],
  ["the C1 forms", "\x9b2J\x9d0;t\x9c", "\\u009b2J\\u009d0;t\\u009c"],
  ["a carriage return", "good\rbad", "good\\u000dbad"],
  ["the line ends of Windows", "a\r\nb", "a\nb"],
  ["backspace, DEL and NUL", "a\b\x7f\0", "a\\u0008\\u007f\\u0000"],
  ["bidirectional controls", "a\u202eb\u2066c\u200f\u061c", "a\\u202eb\\u2066c\\u200f\\u061c"],
  ["invisible characters", "a\u200b\ufeff\u00ad\u2060b", "a\\u200b\\ufeff\\u00ad\\u2060b"],
  ["tags beyond the first plane", "a\u{e0041}", "a\\udb40\\udc41"],
  ["halves of a surrogate pair", "a\ud800b\udc00", "a\\ud800b\\udc00"],
  ["separators of lines and paragraphs", "a\u2028b\u2029", "a\\u2028b\\u2029"],
];

for (const [name, text, shown] of rows) {
  Deno.test(`terminalText() of ${name}`, () => {
    assertEquals(terminalText(text, { color: true }), shown);
    assertEquals(terminalText(shown, { color: true }), shown);
  });
}

Deno.test("terminalText() lets haft's own colours through, or drops them, and no colour that a text brings", () => {
  const style = createStyle(true);
  const text = `${style.red("error")}: \x1b[31mred`;
  assertEquals(terminalText(text, { color: true }), "\x1b[31merror\x1b[39m: \\u001b[31mred");
  assertEquals(terminalText(text, { color: false }), "error: \\u001b[31mred");
  assertEquals(terminalText("\x1b[1234;5678;31mx", { color: true }), "\\u001b[1234;5678;31mx");
});

Deno.test("terminalText() leaves JSON what it means", () => {
  const value = { name: "a\u202e\x1b\x9b\u{e0041}\ud800 ✓" };
  assertEquals(JSON.parse(terminalText(JSON.stringify(value), { color: false })), value);
});

Deno.test("plainText() drops sequences and makes one line of several", () => {
  assertEquals(plainText("a\tb\u001b[31mc\u009b"), "a bc\\u009b");
  assertEquals(plainText(" bad\x1b]0;title\x07\r\nnews \u202e"), "bad news \\u202e");
});

Deno.test("table() shows what a cell hides, and measures what it shows", () => {
  const style = createStyle(true);
  const text = table([[style.dim("name"), "x"], ["a\nb\x1b[2J", "y"]]);
  const [head = "", row = ""] = terminalText(text, { color: true }).split("\n");
  assertEquals(head, `\x1b[2mname\x1b[22m${" ".repeat(15)}x`);
  assertEquals(row, "a\\u000ab\\u001b[2J  y");
  assertEquals(widest(text.split("\n")), row.length);
  assertEquals(cellText("plain"), "plain");
});

Deno.test("terminalText() and plainText() take time in proportion to the text", () => {
  for (const part of ["\x1b]", "\x9d", "\x1b[", "\x1bP", "\x1b[1;", "\r"]) {
    const text = part.repeat(200_000);
    assertEquals(terminalText(text, { color: true }).includes("\x1b"), false);
    assertEquals(plainText(text).includes("\x1b"), false);
  }
});
