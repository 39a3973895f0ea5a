import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { delay } from "@std/async/delay";
import { forEachLimited, mapLimited, WorkPool } from "../../../src/base/work_pool.ts";

Deno.test("forEachLimited() runs at most so many at a time, and all of them", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachLimited([1, 2, 3, 4, 5, 6, 7], { limit: 3 }, async (item) => {
    most = Math.max(most, ++running);
    await delay(1);
    running--;
    done.push(item);
  });
  assertEquals(most, 3);
  assertEquals(done.toSorted(), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("forEachLimited() begins no more once the signal is aborted", async () => {
  const stop = new AbortController();
  const begun: number[] = [];
  await forEachLimited([1, 2, 3], { limit: 1, signal: stop.signal }, (item) => {
    begun.push(item);
    stop.abort();
    return Promise.resolve();
  });
  assertEquals(begun, [1]);
});

Deno.test("forEachLimited() waits for those under way before it throws", async () => {
  let ended = false;
  await assertRejects(
    () =>
      forEachLimited([1, 2, 3], { limit: 2 }, async (item) => {
        if (item === 1) throw new RangeError("one");
        await delay(5);
        ended = true;
      }),
    RangeError,
    "one",
  );
  assertEquals(ended, true);
});

Deno.test("forEachLimited() reads an async iterable no faster than there is room", async () => {
  let read = 0;
  const release = Promise.withResolvers<void>();
  async function* items() {
    while (read < 10) yield await Promise.resolve(++read);
  }
  const done: number[] = [];
  const all = forEachLimited(items(), { limit: 2 }, async (item) => {
    await release.promise;
    done.push(item);
  });
  await delay(5);
  // Two run, and one more was read that waits for room.
  assertEquals(read, 3);
  release.resolve();
  await all;
  assertEquals(done.length, 10);
});

Deno.test("mapLimited() gives results in the order of the items", async () => {
  const results = await mapLimited([3, 1, 2], 2, async (item) => {
    await delay(item);
    return item * 10;
  });
  assertEquals(results, [30, 10, 20]);
});

Deno.test("WorkPool begins nothing after a failure, and says it again at the end", async () => {
  const pool = new WorkPool(1);
  pool.start(() => Promise.reject(new RangeError("first")));
  await pool.room();
  let begun = false;
  const late = () => {
    begun = true;
    return Promise.resolve();
  };
  assertThrows(() => pool.start(late), RangeError, "first");
  await assertRejects(() => pool.finish(), RangeError, "first");
  assertEquals(begun, false);
});
