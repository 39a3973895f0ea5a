import { assertEquals } from "@std/assert";
import { type Input, KeyReader } from "../../../../src/ui/terminal/keys.ts";

function keys(...names: string[]): Input[] {
  return names.map((key) => ({ type: "key", key }));
}

Deno.test("KeyReader has a name for each key, however a terminal sends it", () => {
  const rows: [string, string[]][] = [
    ["a", ["a"]],
    ["aB?", ["a", "B", "?"]],
    ["é你🎉", ["é", "你", "🎉"]],
    ["\r", ["enter"]],
    ["\x7f\b\t", ["backspace", "backspace", "tab"]],
    ["\x03\x1a", ["ctrl+c", "ctrl+z"]],
    ["\x1b[A\x1bOB", ["up", "down"]],
    ["\x1b[1;5C", ["right"]],
    ["\x1b[H\x1b[1~\x1b[7~", ["home", "home", "home"]],
    ["\x1b[F\x1b[4~", ["end", "end"]],
    ["\x1b[5~\x1b[6~", ["pageup", "pagedown"]],
    ["\x1bx", ["escape", "x"]],
    ["\x1b[999~\x1b[?1;2c", []],
  ];
  for (const [text, expected] of rows) assertEquals(new KeyReader().push(text), keys(...expected), text);
});

Deno.test("KeyReader reads the wheel and clicks, and no releases", () => {
  assertEquals(new KeyReader().push("\x1b[<64;5;7M\x1b[<65;1;1M\x1b[<0;3;2M\x1b[<0;3;2m\x1b[<35;3;2M"), [
    { type: "wheel", by: -1, column: 4, row: 6 },
    { type: "wheel", by: 1, column: 0, row: 0 },
    { type: "click", column: 2, row: 1 },
  ]);
});

Deno.test("KeyReader takes keys that come in pieces, and Escape when nothing follows", () => {
  const reader = new KeyReader();
  assertEquals(reader.push("\x1b"), []);
  assertEquals(reader.isWaiting, true);
  assertEquals(reader.push("[5"), []);
  assertEquals(reader.push("~"), keys("pageup"));
  assertEquals(reader.push("\x1b"), []);
  assertEquals(reader.flush(), keys("escape"));
  assertEquals(reader.isWaiting, false);
  assertEquals(reader.push("[A"), keys("[", "A"));
});
