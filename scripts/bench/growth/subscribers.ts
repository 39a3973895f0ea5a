import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { delay } from "@std/async/delay";
import { mustRun } from "../../support/command.ts";
import { Background, onCore } from "../background.ts";
import { bunProgram } from "../bun_program.ts";
import { compileC } from "../native_program.ts";
import { memoryOf, openDescriptors } from "../process_state.ts";
import { bench } from "../report/bench.ts";
import { Scratch } from "../scratch.ts";

// One event to more and more subscribers, under Bun with more connections than a user's daemon takes: server
// on core 0, a C program that is all subscribers on core 1.

const SIZES = [1, 10, 100, 300, 1_000];
const DELIVERIES = 200_000;
const SETTLE_MS = 1_500;
const SUBSCRIBE = '{"type":"request","id":"1","method":"events.subscribe","data":{"types":["user.*"]}}';
const PUBLISHED = '"method":"events.publish","data":{"type":"user.tick","data":{"n":1}}}';
const PUBLISH = `{"type":"request","oneway":true,${PUBLISHED}`;
const ASKED = `{"type":"request","id":"1",${PUBLISHED}`;

await bench({ rounds: 5 }, async function* (run) {
  const sizes = run.sizes(SIZES);
  using scratch = new Scratch();
  const directory = scratch.directory("subscribers");
  const program = await compileC("fan_out", directory);
  if (program === undefined) return run.missing("subscribers", "no C compiler");
  const server = await bunProgram("daemon_with_limits.ts", directory);
  const found = sizes.map((size) => ({ size, event: [] as number[], memory: [] as number[] }));
  for (let round = 0; round < run.rounds; round++) {
    for (const { size, event, memory } of found) {
      const home = join(directory, `${round}-${size}`);
      mkdirSync(home, { mode: 0o700 });
      const socket = join(home, "s");
      await using daemon = new Background([...server, socket, "1100"], { core: 0 });
      await daemon.listening(socket);
      const events = Math.ceil(DELIVERIES / Math.max(size, 20));
      const argv = [program, "measure", socket, `${size}`, `${events}`, "1", SUBSCRIBE, PUBLISH, ASKED];
      event.push(JSON.parse((await mustRun(onCore(1, argv))).stdout).publishMicroseconds);
      await using held = new Background([program, "hold", socket, `${size}`, SUBSCRIBE], { core: 1 });
      while (held.pid !== 0 && openDescriptors(daemon.pid) < size) await delay(20);
      await delay(SETTLE_MS);
      memory.push(memoryOf(daemon.pid).own / 1e6);
    }
  }
  const common = { along: "subscribers", expected: "linear" } as const;
  yield {
    ...common,
    name: "grow.subscribers.event",
    title: "an event to all of them",
    unit: "µs",
    points: found.map(({ size, event }) => ({ size, values: event })),
  };
  yield {
    ...common,
    name: "grow.subscribers.memory",
    title: "the server's memory, in no file",
    unit: "MB",
    points: found.map(({ size, memory }) => ({ size, values: memory })),
  };
});
