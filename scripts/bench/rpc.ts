import { parseArgs } from "@std/cli/parse-args";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { Background, backgroundDaemon } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { compileC } from "./native_program.ts";
import { type Contender, inTurn, measureClient, printRates, printRoundTrips } from "./round_trips.ts";
import { Scratch } from "./scratch.ts";
import { machineLine } from "./support.ts";

/*
 * One small request after the other (`daemon.ping`) to the compiled daemon, beside an echo of 64 bytes in C,
 * and as many as go through one connection with 256 in flight. The same C client calls the daemon too, which
 * shows what the server's end costs.
 *
 *     deno run -A scripts/bench/rpc.ts [--rounds 5] [--count 20000]
 */

const args = parseArgs(process.argv.slice(2), { string: ["rounds", "count"] });
const rounds = Number(args["rounds"] ?? 5);
const count = Number(args["count"] ?? 20_000);
const PING = '{"type":"request","id":"1","method":"daemon.ping"}';
const ECHO = "x".repeat(63);

const { path: haft } = await build();
using scratch = new Scratch();
const directory = scratch.directory("rpc");
const client = await bunProgram("rpc_client.ts", directory);
const c = await compileC("echo", directory);

console.log(
  `${
    machineLine("server on core 0, client on 1 or 0")
  }; median of ${rounds} rounds in turn, ${count} round trips each`,
);
for (const [where, cores] of [["two cores", [0, 1]], ["one core", [0, 0]]] as const) {
  const [serverCore, clientCore] = cores;
  await using servers = await startServers(serverCore, where.replace(" ", "-"));
  const call = (...argv: string[]) => () => measureClient(argv, clientCore);
  const fromC = (socket: string, window: number, text: string, times = count) =>
    call(c ?? "", "call", socket, `${times}`, `${window}`, text);
  const fromBun = (mode: string, times = count) => call(...client, mode, servers.daemon, `${times}`);
  const sequential: Contender[] = [
    { name: "haft, socket and framing under Bun", run: fromBun("socket") },
    { name: "haft, DaemonClient under Bun", run: fromBun("client") },
  ];
  const pipelined: Contender[] = [
    { name: "haft, socket and framing under Bun, 256", run: fromBun("socket-window", count * 20) },
    { name: "haft, DaemonClient under Bun, 100", run: fromBun("client-window", count * 5) },
  ];
  if (c !== undefined) {
    sequential.unshift(
      { name: "echo of 64 bytes in C, called by C", run: fromC(servers.echo, 1, ECHO) },
      { name: "haft, called by C", run: fromC(servers.daemon, 1, PING) },
    );
    pipelined.unshift(
      { name: "echo of 64 bytes in C, called by C, 256", run: fromC(servers.echo, 256, ECHO, count * 20) },
      { name: "haft, called by C, 256", run: fromC(servers.daemon, 256, PING, count * 20) },
    );
  }
  printRoundTrips(`one after the other, ${where}`, await inTurn(rounds, sequential));
  printRates(`in flight together, ${where}`, await inTurn(rounds, pipelined));
}

async function startServers(core: number, name: string) {
  const stack = new AsyncDisposableStack();
  const home = join(directory, name);
  const { process: daemon, socket } = backgroundDaemon([haft], home, { core });
  stack.use(daemon);
  await daemon.listening(socket);
  const echo = join(home, "echo.sock");
  if (c !== undefined) {
    const server = stack.use(new Background([c, "serve", echo], { core }));
    await server.listening(echo);
  }
  return { daemon: socket, echo, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
