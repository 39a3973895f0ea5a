import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import stringWidth from "string-width";
import { stripVTControlCharacters } from "node:util";
import { renderBoard } from "../../../src/ui/board.ts";
import { boardAfter, downloading, failed, installed, queued, started } from "./support.ts";

const LONG = "npm:@some-very-long-scope/some-very-long-name";
const busy = boardAfter([
  started("biome", "esbuild", "deno", "zig", LONG, "日本語のツール"),
  queued("deno"),
  queued("biome"),
  downloading("biome", 1_000_000, 35_000_000),
  downloading("biome", 21_700_000, 35_000_000),
  installed("esbuild", 5_100_000),
  failed("zig", "Cannot download the archive: the server answered 404 for a very long address"),
  downloading(LONG, 1_500_000, null),
  {
    type: "tool.progress",
    tool: "日本語のツール",
    version: "1.2.3",
    progress: { state: "extracting", tool: "日本語のツール", percent: 40 },
  },
]);

for (const columns of [20, 21, 30, 40, 50, 60, 80, 120, 200]) {
  for (const color of [false, true]) {
    Deno.test(`renderBoard() fits every line in ${columns} columns, ${color ? "with" : "without"} colour`, () => {
      const lines = renderBoard(busy, { columns, color, now: 2000 });
      assertEquals(lines.length, 7);
      for (const line of lines) {
        const plain = stripVTControlCharacters(line);
        assert(stringWidth(plain) < columns, `"${plain}" takes ${stringWidth(plain)} of ${columns}`);
        assertEquals(color || line === plain, true, "escape sequences without colour");
      }
    });
  }
}

Deno.test("renderBoard() at 80 columns shows bar, percent and sizes in columns", () => {
  const lines = renderBoard(
    boardAfter([
      started("biome", "esbuild", "deno"),
      queued("deno", "2.9.6"),
      downloading("biome", 0, 35_000_000),
      downloading("biome", 21_700_000, 35_000_000),
      installed("esbuild", 5_100_000),
    ]),
    { columns: 80, color: false, now: 800 },
  );
  assertEquals(lines, [
    "⠋ biome    1      ━━━━━━━━━━━━━━━──────────   62%    21.7 / 35.0 MB  217.0 MB/s",
    "✓ esbuild  1.2.3    5.1 MB  1.2s",
    "· deno     2.9.6  waiting",
    "  1 of 3 tools  0.8s  26.8 / 35.0 MB  217.0 MB/s",
  ]);
});

Deno.test("renderBoard() at 40 columns keeps the bar and the percentage", () => {
  const [line = ""] = renderBoard(busy, { columns: 40, color: false, now: 2000 });
  assertStringIncludes(line, "62%");
  assertStringIncludes(line, "━");
});

Deno.test("renderBoard() at 20 columns keeps the name and the percentage", () => {
  const [line = ""] = renderBoard(busy, { columns: 20, color: false, now: 2000 });
  assertEquals(line.replace(/^\S+/, "*"), "* biome      62%");
});

Deno.test("renderBoard() cuts long names with an ellipsis", () => {
  const line = renderBoard(busy, { columns: 80, color: false, now: 0 })[4] ?? "";
  assertStringIncludes(line, "…");
});

Deno.test("renderBoard() draws no control characters that a failure's text brings", () => {
  const state = boardAfter([started("zig"), failed("zig", "bad\u001b[2J\r\nnews\u0007")]);
  const [line = ""] = renderBoard(state, { columns: 80, color: false, now: 0 });
  assertEquals(line, "✗ zig  1.2.3  bad news\\u0007");
});

Deno.test("renderBoard() with more tools than lines keeps those at work and counts the others", () => {
  const names = Array.from({ length: 40 }, (_, index) => `tool${index}`);
  const state = boardAfter([
    started(...names),
    ...names.slice(0, 10).map((name) => installed(name)),
    failed("tool10", "no"),
    downloading("tool30", 1, 2),
    downloading("tool31", 1, 2),
  ]);
  const lines = renderBoard(state, { columns: 60, rows: 10, color: false, now: 0 });
  assert(lines.length < 10);
  const text = lines.join("\n");
  for (const name of ["tool10 ", "tool30 ", "tool31 "]) assertStringIncludes(text, name);
  assertStringIncludes(text, "… 23 waiting, 10 done");
  assertStringIncludes(text, "11 of 40 tools");
});

Deno.test("renderBoard() gives no tool a line of its own twice, however few lines there are", () => {
  for (let rows = 1; rows <= 12; rows++) {
    const lines = renderBoard(busy, { columns: 80, rows, color: false, now: 0 });
    assert(lines.length <= Math.max(3, rows), `${lines.length} lines in ${rows}`);
  }
});
