import { assertEquals } from "@std/assert";
import { MOST_LINES } from "../../../../../src/cli/app/board/log_buffer.ts";
import { LogPane } from "../../../../../src/cli/app/board/log_pane.ts";
import { line } from "./support.ts";

function pane(lines: readonly string[], { columns = 20, rows = 3 } = {}): LogPane {
  const log = new LogPane({ color: false, prefix: () => ({ text: "", columns: 0 }) });
  log.resize({ columns, rows });
  for (const text of lines) log.buffer.push(line(text));
  return log;
}

const TEN = Array.from({ length: 10 }, (_, n) => `row ${n}`);

Deno.test("LogPane follows the newest line until a person scrolls, and again from the end", () => {
  const log = pane(TEN);
  assertEquals(log.visible(), ["row 7", "row 8", "row 9"]);
  log.scroll(-2);
  log.buffer.push(line("new"));
  assertEquals([log.visible(), log.follows], [["row 5", "row 6", "row 7"], false]);
  log.scroll(100);
  assertEquals([log.visible(), log.follows], [["row 8", "row 9", "new"], true]);
  log.toStart();
  assertEquals([log.visible(), log.isAtStart], [["row 0", "row 1", "row 2"], true]);
  log.page(1);
  assertEquals(log.visible(), ["row 2", "row 3", "row 4"]);
  log.toggleFollow();
  assertEquals(log.visible(), ["row 8", "row 9", "new"]);
});

Deno.test("LogPane scrolls through the rows of a line that is wrapped, and sideways through one that is not", () => {
  const log = pane(["first", "0123456789".repeat(5), "last"]);
  assertEquals(log.visible(), ["01234567890123456789", "0123456789", "last"]);
  log.scroll(-1);
  assertEquals(log.visible(), ["01234567890123456789", "01234567890123456789", "0123456789"]);
  log.toggleWrap();
  assertEquals(log.visible(), ["first", "01234567890123456789", "last"]);
  log.sideways(1);
  assertEquals(log.visible(), ["", "89012345678901234567", ""]);
});

Deno.test("LogPane stays where it is while old lines leave and older ones are read", () => {
  const log = pane(TEN);
  log.scroll(-3);
  const before = log.visible();
  log.buffer.replace([
    ...Array.from({ length: 50 }, (_, n) => line(`older ${n}`)),
    ...TEN.map((one) => line(one)),
  ]);
  assertEquals(log.visible(), before);
  log.toStart();
  assertEquals(log.visible()[0], "older 0");
  for (let n = 0; n < MOST_LINES * 2; n++) log.buffer.push(line(`line ${n}`));
  assertEquals(log.visible().length, 3);
  log.toEnd();
  assertEquals(log.visible().at(-1), `line ${MOST_LINES * 2 - 1}`);
});

Deno.test("LogPane finds the newest line first, then goes round in both directions", () => {
  const log = pane(TEN.map((text, n) => n % 4 === 0 ? `${text} needle` : text));
  assertEquals(log.lookFor("NEEDLE"), 0);
  assertEquals(log.lookFor("needle"), 3);
  assertEquals(log.next(-1), { place: 2, count: 3 });
  assertEquals(log.visible().some((row) => row.startsWith("row 4")), true);
  assertEquals(log.next(-1), { place: 1, count: 3 });
  assertEquals(log.next(-1), { place: 3, count: 3 });
  assertEquals(log.next(1), { place: 1, count: 3 });
  assertEquals(pane([]).next(1), undefined);
});

Deno.test("LogPane without lines and without rows shows none", () => {
  assertEquals(pane([]).visible(), []);
  const log = pane(TEN, { rows: 0 });
  log.scroll(-5);
  assertEquals(log.visible(), []);
});
