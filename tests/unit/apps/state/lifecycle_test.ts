import { assertEquals } from "@std/assert";
import type { AppState } from "../../../../src/apps/state/app_state.ts";
import { type Life, type LifeEvent, step, UNBORN } from "../../../../src/apps/state/lifecycle.ts";
import { parseApp } from "../../../../src/apps/config/parse_apps.ts";

const CLEAN = { code: 0, signal: null };
const FAILED = { code: 1, signal: null };
const UNKNOWN = { code: null, signal: null };

const EVENTS: Record<LifeEvent["type"], LifeEvent> = {
  start: { type: "start" },
  resume: { type: "resume" },
  stop: { type: "stop" },
  restart: { type: "restart" },
  recycle: { type: "recycle", reason: "because" },
  spawned: { type: "spawned" },
  spawn_failed: { type: "spawn_failed", reason: "no such file" },
  health_passed: { type: "health_passed" },
  health_failed: { type: "health_failed", reason: "no answer" },
  leader_exited: { type: "leader_exited", exit: FAILED },
  gone: { type: "gone", exit: FAILED },
  pause_over: { type: "pause_over" },
  note: { type: "note", reason: "waits" },
};

/**
 * State, event, next state, effects, with `restart = "on-failure"`. What is not here changes nothing but the
 * wish.
 */
const ROWS = `
stopped    start          starting   launch
stopped    resume         starting   launch
stopped    restart        starting   launch
stopped    stop           stopped
crashed    start          starting   launch
crashed    resume         starting   launch
crashed    restart        starting   launch
crashed    stop           stopped
exhausted  start          starting   launch
exhausted  resume         starting   launch
exhausted  restart        starting   launch
exhausted  stop           stopped
starting   stop           stopping   cancel_launch stop_tree
starting   restart        stopping   cancel_launch stop_tree
starting   spawned        running    watch
starting   spawn_failed   crashed    cancel_launch
starting   leader_exited  stopping   cancel_launch stop_tree
starting   gone           backoff    pause
running    stop           stopping   unwatch stop_tree
running    restart        stopping   unwatch stop_tree
running    recycle        stopping   unwatch stop_tree
running    leader_exited  stopping   unwatch stop_tree
running    gone           backoff    unwatch pause
running    health_passed  healthy
running    health_failed  unhealthy
healthy    stop           stopping   unwatch stop_tree
healthy    restart        stopping   unwatch stop_tree
healthy    recycle        stopping   unwatch stop_tree
healthy    leader_exited  stopping   unwatch stop_tree
healthy    gone           backoff    unwatch pause
healthy    health_failed  unhealthy
unhealthy  stop           stopping   unwatch stop_tree
unhealthy  restart        stopping   unwatch stop_tree
unhealthy  recycle        stopping   unwatch stop_tree
unhealthy  leader_exited  stopping   unwatch stop_tree
unhealthy  gone           backoff    unwatch pause
unhealthy  health_passed  healthy
stopping   gone           backoff    pause
backoff    start          starting   cancel_pause launch
backoff    restart        starting   cancel_pause launch
backoff    stop           stopped    cancel_pause
backoff    pause_over     starting   relaunch
`.trim().split("\n").map((row) => row.trim().split(/\s+/));

function circumstances(table: Record<string, unknown> = {}, goodForMs = 0) {
  return { policy: parseApp("x", { command: "true", ...table }), goodForMs };
}

function run(life: Life, events: readonly LifeEvent[], table: Record<string, unknown> = {}): Life {
  return events.reduce((now, event) => step(now, event, circumstances(table)).life, life);
}

const STATES: AppState[] = [
  "stopped",
  "crashed",
  "exhausted",
  "starting",
  "running",
  "healthy",
  "unhealthy",
  "stopping",
  "backoff",
];

for (const state of STATES) {
  Deno.test(`step() from ${state}: every event, row by row`, () => {
    for (const [name, event] of Object.entries(EVENTS)) {
      const [, , to = state, ...effects] = ROWS.find((row) => row[0] === state && row[1] === name) ?? [];
      const { life, effects: done } = step({ ...UNBORN, state }, event, circumstances());
      assertEquals([life.state, ...done], [to, ...effects], `${state} + ${name}`);
    }
  });
}

Deno.test("step(): an end that was not asked for follows the policy; an unknown one counts as a failure", () => {
  const rows = [
    ["no", CLEAN, "stopped"],
    ["no", FAILED, "crashed"],
    ["no", UNKNOWN, "crashed"],
    ["on-failure", CLEAN, "stopped"],
    ["on-failure", FAILED, "backoff"],
    ["on-failure", { code: null, signal: "SIGKILL" }, "backoff"],
    ["on-failure", UNKNOWN, "backoff"],
    ["always", CLEAN, "backoff"],
    ["always", FAILED, "backoff"],
    ["unless-stopped", CLEAN, "backoff"],
    ["unless-stopped", UNKNOWN, "backoff"],
  ] as const;
  for (const [restart, exit, expected] of rows) {
    const { life, crash } = step(
      { ...UNBORN, state: "running" },
      { type: "gone", exit },
      circumstances({ restart }),
    );
    assertEquals(life.state, expected, `${restart} ${JSON.stringify(exit)}`);
    assertEquals(crash === undefined, exit === CLEAN);
  }
});

Deno.test("step(): what was asked for last decides what follows a stop", () => {
  const rows: [wish: (keyof typeof EVENTS)[], state: AppState, then: string | undefined][] = [
    [["stop"], "stopped", undefined],
    [["stop", "start"], "stopped", "start"],
    [["restart"], "stopped", "start"],
    [["restart", "stop"], "stopped", undefined],
    [["recycle"], "backoff", undefined],
    [["recycle", "stop"], "stopped", undefined],
    [["recycle", "start"], "stopped", "start"],
    [["leader_exited"], "backoff", undefined],
    [["leader_exited", "stop"], "stopped", undefined],
  ];
  for (const [wishes, state, then] of rows) {
    const life = run({ ...UNBORN, state: "running" }, wishes.map((name) => EVENTS[name]));
    const last = step(life, EVENTS.gone, circumstances());
    assertEquals([last.life.state, last.then?.type], [state, then], wishes.join());
    assertEquals(last.life.after, "decide");
  }
});

/** A restart of each kind, from a process that runs. */
const KINDS: [name: string, events: LifeEvent[], reason: string][] = [
  ["an exit", [EVENTS.gone], "exited with code 1"],
  ["a recycle", [EVENTS.recycle, { type: "gone", exit: CLEAN }], "because"],
];

for (const [name, events, reason] of KINDS) {
  Deno.test(`step(): ${name} counts, gives its reason, and gives up after max_attempts`, () => {
    const table = { restart: "always", backoff: { max_attempts: 2 } };
    let life: Life = { ...UNBORN, state: "running" };
    for (const count of [1, 2]) {
      life = run(life, events, table);
      assertEquals([life.state, life.attempts, life.restarts], ["backoff", count, count]);
      assertEquals([life.reason, life.restartReason], [reason, reason]);
      life = run(life, [EVENTS.pause_over, EVENTS.spawned], table);
    }
    life = run(life, events, table);
    assertEquals([life.state, life.restarts, life.reason], ["exhausted", 2, reason]);
    const again = run(life, [EVENTS.start]);
    assertEquals([again.state, again.attempts, again.restarts, again.restartReason], [
      "starting",
      0,
      0,
      undefined,
    ]);
  });

  Deno.test(`step(): ${name} pauses longer each time, until it was good for reset_after`, () => {
    const life = { ...UNBORN, state: "running" as const, attempts: 4, restarts: 4 };
    const [first = EVENTS.gone, ...rest] = events;
    const shortly = run(step(life, first, circumstances({}, 9_999)).life, rest);
    assertEquals([shortly.attempts, shortly.restarts], [5, 5]);
    const long = run(step(life, first, circumstances({}, 10_000)).life, rest);
    assertEquals([long.attempts, long.restarts], [1, 5]);
  });
}

Deno.test('step(): restart = "no" holds for a recycle, and the reason says so', () => {
  const { life, effects } = step(
    { ...UNBORN, state: "unhealthy" },
    EVENTS.recycle,
    circumstances({ restart: "no" }),
  );
  assertEquals([life.state, life.restarts, effects], ["unhealthy", 0, []]);
  assertEquals(life.reason, 'because; not restarted, since restart = "no"');
});

Deno.test("step(): without max_attempts it never gives up; with 0 it does at once", () => {
  const life = { ...UNBORN, state: "running" as const, attempts: 1e9 };
  assertEquals(step(life, EVENTS.gone, circumstances()).life.state, "backoff");
  const none = circumstances({ backoff: { max_attempts: 0, exhausted: "remove" } });
  const { life: ended, effects } = step({ ...UNBORN, state: "running" }, EVENTS.gone, none);
  assertEquals([ended.state, effects], ["exhausted", ["unwatch", "remove"]]);
});

Deno.test("step(): a note is the state's reason until the state changes", () => {
  const waiting = run(UNBORN, [EVENTS.start, EVENTS.note]);
  assertEquals([waiting.state, waiting.reason], ["starting", "waits"]);
  assertEquals(run(waiting, [EVENTS.spawned]).reason, undefined);
});
