import { join } from "node:path";
import { build } from "../build.ts";
import { Background, backgroundDaemon } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { compileC } from "./native_program.ts";
import { bench, type Run } from "./report/bench.ts";
import type { Measured } from "./report/figure.ts";
import { type Contender, inTurn, measureClient } from "./round_trips.ts";
import { Scratch } from "./scratch.ts";

/*
 * One small request after the other (`daemon.ping`) to the compiled daemon, beside an echo of 64 bytes in C,
 * and as many as go through one connection with 256 in flight, beside haft's bare socket and framing. The
 * same C client calls the daemon too, which shows what the server's end costs. The server is on core 0, the
 * client on core 1, or both on core 0.
 */

const COUNT = 20_000;
/** The same for both, of which the first few thousand run before the runtime has compiled anything. */
const IN_FLIGHT_COUNT = 400_000;
const PING = '{"type":"request","id":"1","method":"daemon.ping"}';
const ECHO = "x".repeat(63);

await bench({ rounds: 5 }, async function* (run) {
  const { path: haft } = await build();
  using scratch = new Scratch();
  const directory = scratch.directory("rpc");
  const client = await bunProgram("rpc_client.ts", directory);
  const c = await compileC("echo", directory);
  if (c === undefined) return run.missing("the echo in C", "no C compiler");
  for (const [where, cores] of [["two cores", [0, 1]], ["one core", [0, 0]]] as const) {
    yield* measure({ where, cores, haft, directory, client, c, run });
  }
});

async function* measure({ where, cores: [serverCore, clientCore], haft, directory, client, c, run }: {
  where: string;
  cores: readonly [number, number];
  haft: string;
  directory: string;
  client: readonly string[];
  c: string;
  run: Run;
}): AsyncGenerator<Measured> {
  const place = where.replace(" ", "-");
  const home = join(directory, place);
  const { process: daemon, socket } = backgroundDaemon([haft], home, { core: serverCore });
  await using running = daemon;
  await running.listening(socket);
  const echo = join(home, "echo.sock");
  await using server = new Background([c, "serve", echo], { core: serverCore });
  await server.listening(echo);

  const call = (...argv: string[]) => () => measureClient(argv, clientCore);
  const one = `${COUNT}`;
  const sequential: Contender[] = [
    { name: "echo", run: call(c, "call", echo, one, "1", ECHO) },
    { name: "c", run: call(c, "call", socket, one, "1", PING) },
    { name: "socket", run: call(...client, "socket", socket, one) },
    { name: "client", run: call(...client, "client", socket, one) },
  ];
  const p50 = await inTurn(run.rounds, sequential, "p50");
  const inC = { name: "an echo of 64 bytes in C, called by C", values: p50.get("echo") ?? [] };
  const rows: [key: string, title: string, goal?: number][] = [
    ["c", "the daemon called by C"],
    ["socket", "haft's socket and framing"],
    ["client", "`DaemonClient`", where === "two cores" ? 1.25 : 2],
  ];
  for (const [key, title, atMost] of rows) {
    yield {
      name: `rpc.${key}.${place}`,
      title: `${title}, one after the other, ${where}`,
      unit: "µs",
      values: p50.get(key) ?? [],
      baseline: inC,
      ...atMost === undefined ? {} : { goal: { of: "ratio", atMost } as const },
    };
  }
  const pipelined: Contender[] = [
    { name: "socket", run: call(...client, "socket-window", socket, `${IN_FLIGHT_COUNT}`) },
    { name: "client", run: call(...client, "client-window", socket, `${IN_FLIGHT_COUNT}`) },
  ];
  const rates = await inTurn(run.rounds, pipelined, "perSecond");
  yield {
    name: `rpc.window.${place}`,
    title: `\`DaemonClient\`, 256 in flight, ${where}`,
    unit: "requests/s",
    values: rates.get("client") ?? [],
    baseline: { name: "bare socket and framing", values: rates.get("socket") ?? [] },
    ...where === "two cores" ? { goal: { of: "ratio", atLeast: 0.75 } as const } : {},
  };
}
