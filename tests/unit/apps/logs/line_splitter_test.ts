import { assertEquals } from "@std/assert";
import { LineSplitter, LONGEST_LINE, showBytes } from "../../../../src/apps/logs/line_splitter.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("LineSplitter gives the same lines however the bytes are cut, and counts every byte", () => {
  const text = "one\ntwo\r\n\nthree é 😀\n" + "x".repeat(LONGEST_LINE + 10) + "\nend";
  const all = bytes(text);
  const expected = ["one", "two", "", "three é 😀", "x".repeat(LONGEST_LINE), "x".repeat(10), "end"];
  for (const step of [1, 2, 3, 7, 4096, all.length]) {
    const splitter = new LineSplitter();
    const lines = [];
    // The reader's memory is used again for every read.
    const memory = new Uint8Array(step);
    for (let at = 0; at < all.length; at += step) {
      const piece = all.subarray(at, at + step);
      memory.set(piece);
      lines.push(...splitter.push(memory.subarray(0, piece.length)));
    }
    lines.push(...splitter.flush());
    assertEquals(lines.map((line) => line.text), expected, `in steps of ${step}`);
    assertEquals(lines.map((line) => line.partial), [false, false, false, false, true, false, false]);
    assertEquals(lines.reduce((sum, line) => sum + line.bytes, 0), all.length);
  }
});

Deno.test("LineSplitter splits at 64 KiB, flags the pieces, and cuts no character", () => {
  const at = (length: number) => new LineSplitter().push(bytes("x".repeat(length) + "\n"));
  assertEquals(at(LONGEST_LINE - 1).map(({ partial }) => partial), [false]);
  assertEquals(at(LONGEST_LINE).map(({ partial }) => partial), [false]);
  assertEquals(at(LONGEST_LINE + 1).map(({ partial }) => partial), [true, false]);
  const wide = new LineSplitter().push(bytes("x" + "é".repeat(LONGEST_LINE / 2) + "\n"));
  assertEquals(wide.map(({ text }) => text.length), [LONGEST_LINE / 2, 1]);
  assertEquals(wide.map(({ text }) => text.includes("\\x")), [false, false]);
});

Deno.test("showBytes() shows what is not UTF-8 as \\xNN and leaves the rest", () => {
  const rows: [number[], string][] = [
    [[0x61, 0xff, 0x62], "a\\xffb"],
    [[0xc3, 0xa9, 0xc3], "é\\xc3"],
    [[0xf0, 0x9f, 0x98], "\\xf0\\x9f\\x98"],
    [[0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"],
    [[0xc0, 0x80], "\\xc0\\x80"],
    [[], ""],
  ];
  for (const [input, expected] of rows) assertEquals(showBytes(new Uint8Array(input)), expected);
});
