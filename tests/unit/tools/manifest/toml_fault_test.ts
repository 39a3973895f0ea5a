import { assertEquals } from "@std/assert";
import { parse, TomlError } from "smol-toml";
import { codeFrame, tomlFault } from "../../../../src/tools/manifest/toml_fault.ts";
import { positionKey, scanToml } from "../../../../src/tools/manifest/toml_scanner.ts";

const rows: [name: string, text: string, place: string, reason: string][] = [
  ["a string without its end", '[tools]\nnode = "22\nbiome = "2"\n', "2:8", "this string is not closed"],
  ["a literal string without its end", "a = 'x\nb = 2\n", "1:5", "this string is not closed"],
  ["a long string without its end", 'x = 1\na = """abc\nb = 3\n', "2:5", "this string is not closed"],
  ["a list without its end", "[tools]\na = [1, 2\nb = 3\nc = 4\n", "2:5", "this list is not closed"],
  ["a list of lists", "a = [\n  [1, 2],\n  [3,\nb = 3\n", "3:3", "this list is not closed"],
  ["a list that the file ends in", '[apps.web]\ncommand = ["a", "b"\n', "2:11", "this list is not closed"],
  ["an inline table", 'a = { version = "1"\nb = 3\n', "1:5", "this table is not closed"],
  ["a comment with brackets before", '# [ { "\na = [1\nb = 3\n', "2:5", "this list is not closed"],
  ["the head of a table", '[tools\nnode = "1"\n', "1:1", "this head of a table is not closed"],
  ["a key without a value", "[tools]\nnode =\n", "2:7", "a value is expected"],
  ["a key without =", '[tools]\nnode "22"\n', "2:6", 'a "=" is expected after the key'],
  ["text without quotes", "[tools]\nnode = latest\n", "2:8", 'text stands in quotes: "latest"'],
  ["an unknown escape", '[tools]\nnode = "1\\q"\n', "2:11", "unrecognised escape sequence"],
];

for (const [name, text, place, reason] of rows) {
  Deno.test(`tomlFault() says where the mistake begins: ${name}`, () => {
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const fault = tomlFault(text, error);
      assertEquals([`${fault.line}:${fault.column}`, fault.reason], [place, reason]);
      return;
    }
    throw new Error("It was parsed");
  });
}

Deno.test("scanToml() finds every key, whatever the form of its table", () => {
  const { positions, open } = scanToml(
    'a.b = 1\n[tools]\n"npm:x" = { version = "1", os = ["linux", "x"] }\n[[q]]\nx = """\n[no]\n"""\n[q.r]\n' +
      "z = 1979-05-27 07:32:00\n[[q]]\ny=2 # c\n",
  );
  const at = (...path: (string | number)[]) => {
    const position = positions.get(positionKey(path));
    return position === undefined ? undefined : `${position.line}:${position.column}`;
  };
  assertEquals(open, []);
  assertEquals(
    [
      at("a", "b"),
      at("tools"),
      at("tools", "npm:x", "os", 1),
      at("q", 0, "r", "z"),
      at("q", 1, "y"),
      at("no"),
    ],
    ["1:3", "2:1", "3:43", "9:1", "11:1", undefined],
  );
});

Deno.test("scanToml() takes time in proportion to a large text, and reads half of one up to its mistake", () => {
  const text = Array.from({ length: 50_000 }, (_, n) => `[t${n}]\nk = ["a", "b"]\n`).join("");
  assertEquals(scanToml(text).positions.size, 200_000);
  assertEquals(scanToml(`${text}[`).positions.size, 200_000);
});

Deno.test("codeFrame() shows the line and a caret below the place", () => {
  assertEquals(codeFrame("a\r\n\tb = [\r\n", { line: 2, column: 6 }), "2 |  b = [\n  |      ^");
});
