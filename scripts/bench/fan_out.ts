import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { delay } from "@std/async/delay";
import { build } from "../build.ts";
import { mustRun } from "../support/command.ts";
import { Background, backgroundDaemon, onCore } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { compileC } from "./native_program.ts";
import { bench } from "./report/bench.ts";
import { Scratch } from "./scratch.ts";

/*
 * One event to many subscribers: what the daemon delivers, beside bare Bun sockets that write the same bytes;
 * how it is with 1,000 subscribers and with 16 filters; and what a subscriber that has been stopped costs.
 * Subscribers and publisher are one process in C on core 1, the server is on core 0.
 */

const DELIVERIES = 1_000_000;
const PUBLISHED = '"method":"events.publish","data":{"type":"user.tick","data":{"n":1}}}';
const PUBLISH = `{"type":"request","oneway":true,${PUBLISHED}`;
const ASKED = `{"type":"request","id":"1",${PUBLISHED}`;
const EVENT = '{"type":"event","event":"user.tick","seq":123456,"time":1795218018576,"data":{"n":1}}';
const SUBSCRIBE = subscription(["user.*"]);
/** Each of them takes the event; no two are alike. */
const FILTERS = Array.from({ length: 16 }, (_, n) => subscription(["user.tick", `user.other${n}.*`])).join(
  "\n",
);

const LAST = "one event, until the last of 100 subscribers has it";

type Measure = () => Promise<number>;

await bench({ rounds: 5 }, async function* (run) {
  const { path: haft } = await build();
  using scratch = new Scratch();
  const directory = scratch.directory("fan-out");
  const program = await compileC("fan_out", directory);
  if (program === undefined) return run.missing("subscribers", "no C compiler");
  await using stack = new AsyncDisposableStack();
  const { process: daemon, socket } = backgroundDaemon([haft], join(directory, "haft"), { core: 0 });
  await stack.use(daemon).listening(socket);
  const bare = join(directory, "bare.sock");
  const bareServer = [...await bunProgram("fan_out_bare.ts", directory), bare, EVENT];
  await stack.use(new Background(bareServer, { core: 0 })).listening(bare);
  // 1,000 subscribers are more than a user's daemon takes.
  const large = join(directory, "large");
  mkdirSync(large, { mode: 0o700 });
  const many = join(large, "many.sock");
  const manyServer = [...await bunProgram("daemon_with_limits.ts", directory), many, "1100"];
  await stack.use(new Background(manyServer, { core: 0 })).listening(many);

  const measure =
    (path: string, subscribers: number, burst: number, filters = SUBSCRIBE): Measure => async () => {
      const events = Math.ceil(DELIVERIES / subscribers / burst) * burst * (burst > 1 ? 8 : 1);
      const numbers = [subscribers, events, burst].map(String);
      const argv = onCore(1, [program, "measure", path, ...numbers, filters, PUBLISH, ASKED]);
      return JSON.parse((await mustRun(argv)).stdout).deliveries;
    };
  /** Microseconds until the last subscriber has an event that nothing follows. */
  const untilLast = (path: string): Measure => async () => {
    const argv = onCore(1, [program, "last", path, "100", "2000", SUBSCRIBE, ASKED]);
    return JSON.parse((await mustRun(argv)).stdout).lastMicroseconds;
  };
  const withStopped = (burst: number): Measure => async () => {
    await using subscriber = new Background([program, "hold", socket, "1", SUBSCRIBE], { core: 1 });
    await delay(200);
    process.kill(subscriber.pid, "SIGSTOP");
    return await measure(socket, 100, burst)();
  };
  const beside = "bare sockets";
  const rows: [name: string, title: string, ours: Measure, base: [string, Measure], atLeast?: number][] = [
    ["last", LAST, untilLast(socket), [beside, untilLast(bare)]],
    [
      "single",
      "100 subscribers, single events, two on their way",
      measure(socket, 100, 1),
      [beside, measure(bare, 100, 1)],
      1.2,
    ],
    [
      "bursts",
      "100 subscribers, bursts of 32",
      measure(socket, 100, 32),
      [beside, measure(bare, 100, 32)],
      0.95,
    ],
    [
      "filters",
      "100 subscribers with 16 filters, single events",
      measure(socket, 100, 1, FILTERS),
      ["with one filter", measure(socket, 100, 1)],
      0.8,
    ],
    [
      "filters-bursts",
      "100 subscribers with 16 filters, bursts of 32",
      measure(socket, 100, 32, FILTERS),
      ["with one filter", measure(socket, 100, 32)],
      0.8,
    ],
    ["many", "1,000 subscribers, single events", measure(many, 1_000, 1), [beside, measure(bare, 1_000, 1)]],
    ["many-bursts", "1,000 subscribers, bursts of 32", measure(many, 1_000, 32), [
      beside,
      measure(bare, 1_000, 32),
    ]],
    ["stopped", "100 subscribers and one that is stopped", withStopped(1), [
      "without it",
      measure(socket, 100, 1),
    ]],
  ];
  for (const [name, title, ours, [baseName, base], atLeast] of rows) {
    const values: number[] = [];
    const baseValues: number[] = [];
    for (let round = 0; round < run.rounds; round++) {
      const turns = [
        async () => void values.push(await ours()),
        async () => void baseValues.push(await base()),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    }
    yield {
      name: `events.${name}`,
      title,
      unit: title === LAST ? "µs" : "deliveries/s",
      values,
      baseline: { name: baseName, values: baseValues },
      ...atLeast === undefined ? {} : { goal: { of: "ratio", atLeast } as const },
    };
  }
});

function subscription(types: readonly string[]): string {
  return JSON.stringify({ type: "request", id: "1", method: "events.subscribe", data: { types } });
}
