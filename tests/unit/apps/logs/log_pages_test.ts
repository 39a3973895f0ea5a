import { assert, assertEquals } from "@std/assert";
import { logPages } from "../../../../src/apps/logs/log_pages.ts";

function lines(count: number, length: number) {
  return Array.from({ length: count }, (_, n) => ({
    app: "web",
    root: "/p",
    instance: 0,
    stream: "stdout" as const,
    line: `${n} ${"é".repeat(length)}`,
    time: n,
    partial: false,
  }));
}

Deno.test("logPages() gives every line once, in order, in pages that a message takes", () => {
  for (
    const [count, length] of [[0, 0], [1, 0], [1_400, 10], [1_401, 10], [10_000, 20], [30, 65_536]] as const
  ) {
    const all = lines(count, length);
    const pages = logPages(all);
    assertEquals(pages.flat(), all);
    for (const page of pages) {
      assert(page.length <= 1_400);
      assert(new TextEncoder().encode(JSON.stringify(page)).length < 1024 * 1024 - 4096);
    }
  }
});

Deno.test("logPages() keeps the newest lines where all are more than a connection may have waiting", () => {
  const all = lines(1_000, 60_000);
  const kept = logPages(all).flat();
  assert(kept.length > 90 && kept.length < 110);
  assertEquals(kept, all.slice(-kept.length));
});
