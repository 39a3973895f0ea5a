import { parseArgs } from "@std/cli/parse-args";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { runCommand } from "../support/command.ts";
import { Background, backgroundDaemon, onCore } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { compileC } from "./native_program.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine, median } from "./support.ts";

/*
 * One event to many subscribers: what the daemon delivers, beside bare Bun sockets that write the same bytes;
 * how it is with 1,000 subscribers; and what a subscriber that has been stopped costs the publisher.
 * Subscribers and publisher are one process in C on core 1, the server is on core 0.
 *
 *     deno run -A scripts/bench/fan_out.ts [--rounds 5] [--deliveries 1000000]
 */

interface Result {
  deliveries: number;
  publishMicroseconds: number;
}

const args = parseArgs(process.argv.slice(2), { string: ["rounds", "deliveries"] });
const rounds = Number(args["rounds"] ?? 5);
const deliveries = Number(args["deliveries"] ?? 1_000_000);
const SUBSCRIBE = '{"type":"request","id":"1","method":"events.subscribe","data":{"types":["user.*"]}}';
const BODY = '"method":"events.publish","data":{"type":"user.tick","data":{"n":1}}}';
const PUBLISH = `{"type":"request","oneway":true,${BODY}`;
const ASKED = `{"type":"request","id":"1",${BODY}`;
const EVENT = '{"type":"event","event":"user.tick","seq":123456,"time":1795218018576,"data":{"n":1}}';

const { path: haft } = await build();
using scratch = new Scratch();
const directory = scratch.directory("fan-out");
const program = await compileC("fan_out", directory);
if (program !== undefined) await run(program);

async function run(program: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { process: daemon, socket } = backgroundDaemon([haft], join(directory, "haft"), { core: 0 });
  await stack.use(daemon).listening(socket);
  const bare = join(directory, "bare.sock");
  const bareServer = [...await bunProgram("fan_out_bare.ts", directory), bare, EVENT];
  await stack.use(new Background(bareServer, { core: 0 })).listening(bare);
  const large = join(directory, "large");
  mkdirSync(large, { mode: 0o700 });
  const many = join(large, "many.sock");
  const manyServer = [...await bunProgram("daemon_with_limits.ts", directory), many, "1100"];
  await stack.use(new Background(manyServer, { core: 0 })).listening(many);

  const measure = (path: string, subscribers: number, burst: number) => async () => {
    const events = Math.ceil(deliveries / subscribers / burst) * burst * (burst > 1 ? 8 : 1);
    const numbers = [subscribers, events, burst].map(String);
    const argv = onCore(1, [program, "measure", path, ...numbers, SUBSCRIBE, PUBLISH, ASKED]);
    const { code, stdout, stderr } = await runCommand(argv, { output: "capture" });
    if (code !== 0) throw new Error(`fan_out ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as Result;
  };
  const withStopped = (burst: number) => async () => {
    await using subscriber = new Background([program, "hold", socket, "1", SUBSCRIBE], { core: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(subscriber.pid, "SIGSTOP");
    return await measure(socket, 100, burst)();
  };

  console.log(`${machineLine("server on core 0, clients on core 1")}; median of ${rounds} rounds in turn`);
  const pairs: [string, () => Promise<Result>, string, () => Promise<Result>][] = [
    ["100 subscribers, single events", measure(socket, 100, 1), "bare sockets", measure(bare, 100, 1)],
    ["100 subscribers, bursts of 32", measure(socket, 100, 32), "bare sockets", measure(bare, 100, 32)],
    ["1,000 subscribers, single events", measure(many, 1_000, 1), "bare sockets", measure(bare, 1_000, 1)],
    ["1,000 subscribers, bursts of 32", measure(many, 1_000, 32), "bare sockets", measure(bare, 1_000, 32)],
    ["100 subscribers and one that is stopped", withStopped(1), "without it", measure(socket, 100, 1)],
    ["the same, bursts of 32", withStopped(32), "without it", measure(socket, 100, 32)],
  ];
  console.log(`
| deliveries per second | haft | baseline | | ratio | µs per event published | baseline |
| --- | --- | --- | --- | --- | --- | --- |`);
  for (const [name, ours, baseName, base] of pairs) {
    const results: { ours: Result[]; base: Result[] } = { ours: [], base: [] };
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? ["ours", "base"] as const : ["base", "ours"] as const) {
        results[side].push(await (side === "ours" ? ours : base)());
      }
    }
    const rate = (of: Result[]) => median(of.map(({ deliveries }) => deliveries));
    const cost = (of: Result[]) => digits(median(of.map(({ publishMicroseconds }) => publishMicroseconds)));
    const [us, them] = [rate(results.ours), rate(results.base)];
    const number = (value: number) => Math.round(value).toLocaleString("en");
    console.log(
      `| ${name} | ${number(us)} | ${number(them)} | ${baseName} | ${(us / them).toFixed(2)} | ${
        cost(results.ours)
      } | ${cost(results.base)} |`,
    );
  }
}
