import { assertEquals } from "@std/assert";
import { BusyPoll, LONGEST_POLL_MS } from "../../../src/channel/busy_poll.ts";

/** Round trips one after the other; `finds` says whether input comes within a poll. */
function asker(finds: (time: number) => boolean) {
  const poll = new BusyPoll();
  let now = 0;
  const polled: number[] = [];
  return {
    polled,
    ask(time: number, { pauseMs = 0.001, answerMs = 0.02 } = {}) {
      now += pauseMs;
      poll.asked(now, (ms) => {
        assertEquals(ms, LONGEST_POLL_MS);
        polled.push(time);
        return finds(time);
      });
      now += answerMs;
      poll.heard(now);
    },
  };
}

const times = (count: number) => Array.from({ length: count }, (_, at) => at);

Deno.test("a client polls when some requests in a row were answered at once", () => {
  const { polled, ask } = asker(() => true);
  for (const time of times(10)) ask(time);
  assertEquals(polled, [4, 5, 6, 7, 8, 9]);
});

Deno.test("a request that does not follow the last answer ends the streak, and so does a late answer", () => {
  const { polled, ask } = asker(() => true);
  for (const time of times(6)) ask(time);
  ask(6, { pauseMs: 1 });
  for (const time of [7, 8, 9, 10]) ask(time);
  ask(11, { answerMs: 1 });
  for (const time of [12, 13, 14]) ask(time);
  assertEquals(polled, [4, 5, 10, 11]);
});

Deno.test("a client whose requests are far apart never polls", () => {
  const { polled, ask } = asker(() => true);
  for (const time of times(1_000)) ask(time, { pauseMs: 1 });
  assertEquals(polled, []);
});

Deno.test("a poll that finds nothing takes longer and longer streaks until the next", () => {
  const { polled, ask } = asker(() => false);
  for (const time of times(20_000)) ask(time);
  assertEquals(polled.slice(0, 4), [4, 12, 28, 60]);
  assertEquals(polled.length, 13);
});

Deno.test("polls that find something again shorten the streaks", () => {
  const { polled, ask } = asker((time) => time > 100);
  for (const time of times(1_000)) ask(time);
  assertEquals(polled.slice(0, 6), [4, 12, 28, 60, 124, 125]);
  assertEquals(polled.length, 4 + 1_000 - 124);
});
