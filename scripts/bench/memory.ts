import { delay } from "@std/async/delay";
import { parseArgs } from "@std/cli/parse-args";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { runCommand } from "../support/command.ts";
import { Background, backgroundDaemon } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { compileC } from "./native_program.ts";
import { openDescriptors, residentMemory } from "./process_state.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, median } from "./support.ts";

/*
 * What the daemon holds: when nobody is there, for each of 1,000 idle connections (each has asked once, and
 * the code has run before), and after 10,000 connections that came and went. Beside it a server of bare Bun
 * sockets. Resident bytes by /proc, so Linux only.
 *
 *     deno run -A scripts/bench/memory.ts [--rounds 3]
 */

const rounds = Number(parseArgs(process.argv.slice(2), { string: ["rounds"] })["rounds"] ?? 3);
const CONNECTIONS = 1_000;
const CHURN = 10_000;
const PING = '{"type":"request","id":"1","method":"daemon.ping"}';
const SETTLE_MS = 1_500;

const { path: haft } = await build();
using scratch = new Scratch();
const directory = scratch.directory("memory");
const bare = await bunProgram("fan_out_bare.ts", directory);
const limited = await bunProgram("daemon_with_limits.ts", directory);
const holder = await compileC("fan_out", directory);
const echo = await compileC("echo", directory);

interface Contender {
  name: string;
  start: (home: string) => { process: Background; socket: string };
}

const daemon: Contender = { name: "haft daemon", start: (home) => backgroundDaemon([haft], home) };
const daemonUnderBun: Contender = {
  name: "haft daemon under Bun, limits raised",
  start: startAt(limited, "1100"),
};
const sockets: Contender = { name: "bare sockets under Bun", start: startAt(bare, "{}") };

console.log(machineLine("not pinned"));
console.log(`\n| median of ${rounds} | haft | bare sockets under Bun | ratio |\n| --- | --- | --- | --- |`);
await row("idle, MB", [daemon, sockets], ({ pid }) => Promise.resolve(residentMemory(pid) / 1e6));
if (holder !== undefined && echo !== undefined) {
  await row(
    `each of ${CONNECTIONS} idle connections, KB`,
    [daemonUnderBun, sockets],
    async ({ pid, socket }) => {
      await churn(socket, 2_000);
      await delay(SETTLE_MS);
      const before = residentMemory(pid);
      await using held = new Background([holder, "hold", socket, `${CONNECTIONS}`, PING]);
      while (openDescriptors(pid) < CONNECTIONS) await delay(20);
      await delay(SETTLE_MS);
      if (held.pid === 0) throw new Error("The clients did not start");
      return (residentMemory(pid) - before) / 1024 / CONNECTIONS;
    },
  );
  await row(
    `grown by ${CHURN} connections after the first 2,000, MB`,
    [daemon, sockets],
    async ({ pid, socket }) => {
      await churn(socket, 2_000);
      await delay(SETTLE_MS);
      const before = { memory: residentMemory(pid), descriptors: openDescriptors(pid) };
      await churn(socket, CHURN);
      await delay(SETTLE_MS);
      const leaked = openDescriptors(pid) - before.descriptors;
      if (leaked > 0) throw new Error(`${leaked} descriptors leaked`);
      return (residentMemory(pid) - before.memory) / 1e6;
    },
  );
}

/** Connections that come and go, so that what the code itself takes when it first runs is there before. */
async function churn(socket: string, count: number): Promise<void> {
  const { code, stderr } = await runCommand([echo ?? "", "churn", socket, `${count}`, PING], {
    output: "capture",
  });
  if (code !== 0) throw new Error(stderr);
}

function startAt(argv: readonly string[], argument: string): Contender["start"] {
  return (home) => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const socket = join(home, "x.sock");
    return { process: new Background([...argv, socket, argument]), socket };
  };
}

async function row(
  name: string,
  contenders: readonly Contender[],
  measure: (running: { pid: number; socket: string }) => Promise<number>,
): Promise<void> {
  const values = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { name: contender, start }] of contenders.entries()) {
      const home = join(
        directory,
        `${name}-${contender}-${round}`.replaceAll(/\W+/g, "-").slice(0, 40) + `${round}`,
      );
      const running = start(home);
      await using server = running.process;
      await server.listening(running.socket);
      await delay(SETTLE_MS);
      values[index]?.push(await measure({ pid: server.pid, socket: running.socket }));
    }
  }
  const [ours = NaN, theirs = NaN] = values.map(median);
  console.log(`| ${name} | ${digits(ours)} | ${digits(theirs)} | ${(ours / theirs).toFixed(2)} |`);
}
