import { assertEquals } from "@std/assert";
import { table } from "../../../src/ui/table.ts";

const rows = [["lint", "Look for mistakes in all of the sources"], ["a-task-with-a-long-name", "Short"]];

Deno.test("table() keeps to the width of a terminal: cells are broken between words, longer words end with …", () => {
  assertEquals(
    table(rows, { isTTY: true, columns: 30 }),
    `lint            Look for
                mistakes in
                all of the
                sources
a-task-with-a…  Short
`,
  );
  for (const columns of [20, 24, 40, 60]) {
    for (const line of table(rows, { isTTY: true, columns }).split("\n")) {
      assertEquals(line.length <= columns, true);
    }
  }
});

Deno.test("table() cuts nothing where there is no terminal", () => {
  assertEquals(
    table(rows, { isTTY: false, columns: 20 }),
    `lint                     Look for mistakes in all of the sources\na-task-with-a-long-name  Short\n`,
  );
});
