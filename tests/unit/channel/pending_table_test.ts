import { assertEquals } from "@std/assert";
import { PendingTable } from "../../../src/channel/pending_table.ts";

const item = (number: number) => ({ number });

Deno.test("PendingTable finds what is in it, and nothing else, whatever the numbers", () => {
  const table = new PendingTable<{ number: number }>();
  const first = 2 ** 40;
  for (const n of [0, 1, 2]) table.add(item(first + n));
  assertEquals(table.get(first + 1), item(first + 1));
  for (const other of [first + 3, first + 8, 0, 1, -1, 1.5, NaN, Infinity]) {
    assertEquals(table.get(other), undefined);
  }
  assertEquals(table.size, 3);
});

Deno.test("PendingTable keeps items that stay while many others come and go", () => {
  const table = new PendingTable<{ number: number }>();
  const staying = [item(1), item(2), item(1025)];
  for (let number = 1; number <= 5_000; number++) {
    const kept = staying.find((one) => one.number === number);
    const one = kept ?? item(number);
    table.add(one);
    if (kept === undefined) assertEquals(table.delete(one), true);
  }
  assertEquals(table.values(), staying);
  for (const one of staying) {
    assertEquals(table.get(one.number), one);
    assertEquals(table.delete(one), true);
    assertEquals(table.delete(one), false);
    assertEquals(table.get(one.number), undefined);
  }
  assertEquals(table.size, 0);
});

Deno.test("PendingTable holds any number of items, in the order of their numbers", () => {
  const table = new PendingTable<{ number: number }>();
  const items = Array.from({ length: 3_000 }, (_, at) => item(at + 7));
  for (const one of items) table.add(one);
  assertEquals(table.size, 3_000);
  assertEquals(table.values(), items);
  for (const one of items) assertEquals(table.get(one.number) === one && table.delete(one), true);
  assertEquals(table.values(), []);
});
