import { assertEquals } from "@std/assert";
import { table } from "../../../src/ui/table.ts";

const rows = [["lint", "Look for mistakes in all of the sources"], ["a-task-with-a-long-name", "Short"]];

Deno.test("table() keeps to the width of a terminal: cells are broken between words, longer words end with …", () => {
  assertEquals(
    table(rows, { isTTY: true, columns: 30 }),
    `lint
  Look for mistakes in all of
  the sources
a-task-with-a-long-name
  Short
`,
  );
  assertEquals(
    table([["lint", "Look for an-unreasonably-long-word"]], { isTTY: true, columns: 24 }),
    `lint  Look for
      an-unreasonably-l…
`,
  );
  for (const columns of [24, 30, 40, 60]) {
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

Deno.test("table() goes on below a row with the columns for which a terminal has no room", () => {
  assertEquals(
    table([["a-name-of-an-app:0", "running", "1234567", "1.0 MB"]], { isTTY: true, columns: 30 }),
    "a-name-of-an-app:0  running\n  1234567  1.0 MB\n",
  );
  const apps = [
    ["app", "state", "pid", "up", "restarts", "cpu", "memory", ""],
    ["web", "running", "12345", "3m 10s", "0", "0.1%", "12.0 MB", "port 8080"],
    ["api", "stopped", "", "", "", "", "", ""],
  ];
  assertEquals(
    table(apps, { isTTY: true, columns: 40 }),
    `app  state    pid    up      restarts
  cpu   memory
web  running  12345  3m 10s  0
  0.1%  12.0 MB  port 8080
api  stopped
`,
  );
});
