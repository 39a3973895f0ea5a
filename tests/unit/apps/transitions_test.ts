import { assertEquals } from "@std/assert";
import {
  type AppEvent,
  type AppState,
  transition,
  TRANSITIONS,
} from "../../../src/apps/state/transitions.ts";

/** Every row of the table: state, event, next state, effects. What is not here must change nothing. */
const ROWS = `
stopped    start          starting   launch
stopped    recycle        starting   launch
stopped    stop           stopped
crashed    start          starting   launch
crashed    recycle        starting   launch
crashed    stop           stopped
exhausted  start          starting   launch
exhausted  recycle        starting   launch
exhausted  stop           stopped
starting   stop           stopping   cancel_launch forget_restart stop_tree
starting   recycle        stopping   cancel_launch want_restart stop_tree
starting   spawned        running    watch
starting   spawn_failed   crashed    cancel_launch
starting   leader_exited  stopping   unwatch stop_tree
starting   ended          stopped    unwatch
starting   failed         crashed    unwatch
starting   retry          backoff    unwatch schedule_retry
starting   gave_up        exhausted  unwatch
running    stop           stopping   unwatch forget_restart stop_tree
running    recycle        stopping   unwatch want_restart stop_tree
running    leader_exited  stopping   unwatch stop_tree
running    ended          stopped    unwatch
running    failed         crashed    unwatch
running    retry          backoff    unwatch schedule_retry
running    gave_up        exhausted  unwatch
running    health_passed  healthy
running    health_failed  unhealthy
healthy    stop           stopping   unwatch forget_restart stop_tree
healthy    recycle        stopping   unwatch want_restart stop_tree
healthy    leader_exited  stopping   unwatch stop_tree
healthy    ended          stopped    unwatch
healthy    failed         crashed    unwatch
healthy    retry          backoff    unwatch schedule_retry
healthy    gave_up        exhausted  unwatch
healthy    health_failed  unhealthy
unhealthy  stop           stopping   unwatch forget_restart stop_tree
unhealthy  recycle        stopping   unwatch want_restart stop_tree
unhealthy  leader_exited  stopping   unwatch stop_tree
unhealthy  ended          stopped    unwatch
unhealthy  failed         crashed    unwatch
unhealthy  retry          backoff    unwatch schedule_retry
unhealthy  gave_up        exhausted  unwatch
unhealthy  health_passed  healthy
stopping   start          stopping   want_restart
stopping   recycle        stopping   want_restart
stopping   stop           stopping   forget_restart
stopping   ended          stopped
stopping   failed         crashed
stopping   retry          backoff    schedule_retry
stopping   gave_up        exhausted
backoff    start          starting   cancel_retry launch
backoff    recycle        starting   cancel_retry launch
backoff    stop           stopped    cancel_retry
backoff    retry_due      starting   relaunch
`.trim().split("\n").map((row) => row.trim().split(/\s+/));

const STATES = Object.keys(TRANSITIONS) as AppState[];
const EVENTS: AppEvent[] = [
  "start",
  "stop",
  "recycle",
  "spawned",
  "spawn_failed",
  "health_passed",
  "health_failed",
  "leader_exited",
  "ended",
  "failed",
  "retry",
  "gave_up",
  "retry_due",
];

for (const state of STATES) {
  Deno.test(`transition() from ${state}: every event, row by row`, () => {
    for (const event of EVENTS) {
      const [, , to, ...effects] = ROWS.find((row) => row[0] === state && row[1] === event) ?? [];
      const expected = to === undefined ? undefined : { to: to as AppState, effects };
      assertEquals(transition(state, event) as unknown, expected, `${state} + ${event}`);
    }
  });
}

Deno.test("the table has no rows but these", () => {
  const count = Object.values(TRANSITIONS).reduce((sum, row) => sum + Object.keys(row).length, 0);
  assertEquals(count, ROWS.length);
});
