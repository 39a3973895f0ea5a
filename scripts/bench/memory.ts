import { delay } from "@std/async/delay";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { mustRun } from "../support/command.ts";
import { Background, backgroundDaemon } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { compileC } from "./native_program.ts";
import { memoryOf, openDescriptors, residentMemory } from "./process_state.ts";
import { bench } from "./report/bench.ts";
import { Scratch } from "./scratch.ts";

/*
 * What the daemon holds: without clients, for each of 1,000 connections with an idle subscriber (the
 * code has run before), and after 10,000 connections that came and went. Beside it a server of bare Bun
 * sockets. By /proc, so Linux only; memory does not depend on what else the machine does.
 */

const CONNECTIONS = 1_000;
const CHURN = 10_000;
const PING = '{"type":"request","id":"1","method":"daemon.ping"}';
const SUBSCRIBE = '{"type":"request","id":"1","method":"events.subscribe","data":{"types":["user.*"]}}';
/** The daemon looks at its garbage two seconds after the last of a burst. */
const SETTLE_MS = 3_500;
/** A user's daemon waits longer than this most of the day; its first rest is over by then. */
const IDLE_MS = 10_000;

interface Running {
  pid: number;
  socket: string;
}
type Start = (home: string) => { process: Background; socket: string };

await bench({ rounds: 5 }, async function* (run) {
  const { path: haft } = await build();
  using scratch = new Scratch();
  const directory = scratch.directory("memory");
  const bare = await bunProgram("fan_out_bare.ts", directory);
  const limited = await bunProgram("daemon_with_limits.ts", directory);
  const daemon: Start = (home) => backgroundDaemon([haft], home);
  // More than a user's daemon takes.
  const roomy = startAt(limited, "1100");
  const sockets = startAt(bare, "{}");

  let homes = 0;
  // Side by side: what one holds does not depend on the other.
  const sideBySide = async <T>(starts: readonly Start[], measure: (running: Running) => Promise<T>) => {
    const found = starts.map((): T[] => []);
    for (let round = 0; round < run.rounds; round++) {
      await Promise.all(starts.map(async (start, index) => {
        const { process: server, socket } = start(join(directory, `${homes++}`));
        await using running = server;
        await running.listening(socket);
        await delay(SETTLE_MS);
        found[index]?.push(await measure({ pid: running.pid, socket }));
      }));
    }
    return found;
  };
  const baseline = (values: readonly number[]) => ({ name: "bare sockets under Bun", values });

  const [ours = [], theirs = []] = await sideBySide([daemon, sockets], async ({ pid }) => {
    await delay(IDLE_MS);
    return memoryOf(pid);
  });
  const megabytes = (of: "resident" | "own", memory: typeof ours) => memory.map((one) => one[of] / 1e6);
  yield {
    name: "memory.resident",
    title: "an idle daemon, resident",
    unit: "MB",
    values: megabytes("resident", ours),
    baseline: baseline(megabytes("resident", theirs)),
    goal: { of: "value", atMost: 40 },
  };
  yield {
    name: "memory.private",
    title: "an idle daemon, in no file",
    unit: "MB",
    values: megabytes("own", ours),
    baseline: baseline(megabytes("own", theirs)),
    goal: { of: "value", atMost: 12 },
  };
  const holder = await compileC("fan_out", directory);
  const echo = await compileC("echo", directory);
  if (holder === undefined || echo === undefined) return run.missing("connections", "no C compiler");
  // So that what the code itself takes when it first runs is there before.
  const churn = (socket: string, count: number) => mustRun([echo, "churn", socket, `${count}`, PING]);

  const [each = [], bareEach = []] = await sideBySide([roomy, sockets], async ({ pid, socket }) => {
    await churn(socket, 2_000);
    await delay(SETTLE_MS);
    const before = memoryOf(pid).own;
    await using held = new Background([holder, "hold", socket, `${CONNECTIONS}`, SUBSCRIBE]);
    while (openDescriptors(pid) < CONNECTIONS) await delay(20);
    await delay(SETTLE_MS);
    if (held.pid === 0) throw new Error("The clients did not start");
    return (memoryOf(pid).own - before) / 1024 / CONNECTIONS;
  });
  yield {
    name: "memory.connection",
    title: "a connection with an idle subscriber",
    unit: "KB",
    values: each,
    baseline: baseline(bareEach),
    goal: { of: "value", atMost: 3 },
  };
  const [grown = [], bareGrown = []] = await sideBySide([daemon, sockets], async ({ pid, socket }) => {
    await churn(socket, 2_000);
    await delay(SETTLE_MS);
    const descriptors = openDescriptors(pid);
    await churn(socket, CHURN);
    await delay(SETTLE_MS);
    const leaked = openDescriptors(pid) - descriptors;
    if (leaked > 0) throw new Error(`${leaked} descriptors leaked`);
    return residentMemory(pid) / 1e6;
  });
  yield {
    name: "memory.churn",
    title: "resident after 12,000 connections came and went",
    unit: "MB",
    values: grown,
    baseline: baseline(bareGrown),
  };
});

function startAt(argv: readonly string[], argument: string): Start {
  return (home) => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const socket = join(home, "x.sock");
    return { process: new Background([...argv, socket, argument]), socket };
  };
}
