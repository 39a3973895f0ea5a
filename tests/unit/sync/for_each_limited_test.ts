import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { forEachLimited } from "../../../src/sync/for_each_limited.ts";

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
