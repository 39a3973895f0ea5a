import { parseArgs } from "@std/cli/parse-args";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { runCommand } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { Background, backgroundDaemon } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { compileC } from "./native_program.ts";
import { type Contender, inTurn, measureClient, type RoundTrips } from "./round_trips.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine } from "./support.ts";

/*
 * One small request and its answer, over a unix socket, with the libraries that programs use for it on Node.
 * They are installed into a scratch directory by the machine's npm; haft's own map of imports does not know
 * them.
 *
 *     deno run -A scripts/bench/peers.ts [--rounds 5] [--count 10000]
 */

const args = parseArgs(process.argv.slice(2), { string: ["rounds", "count"] });
const rounds = Number(args["rounds"] ?? 5);
const count = Number(args["count"] ?? 10_000);
const PACKAGES = ["node-ipc@12", "vscode-jsonrpc", "@grpc/grpc-js"];
const PEERS = [["node-ipc", "node_ipc"], ["vscode-jsonrpc", "vscode_jsonrpc"], [
  "@grpc/grpc-js",
  "grpc",
]] as const;

const { path: haft } = await build();
using scratch = new Scratch();
const directory = scratch.directory("peers");
const client = await bunProgram("rpc_client.ts", directory);
const c = await compileC("echo", directory);
await installPeers();

const node = (await runCommand(["node", "--version"], { output: "capture" })).stdout.trim();
console.log(
  `${
    machineLine("server on core 0, client on 1 or 0")
  }, Node ${node}; median of ${rounds} rounds in turn, ${count} calls`,
);
const two = await measureAll(0, 1);
const one = await measureAll(0, 0);
console.log(`
| | p50 µs, two cores | p99 µs, two cores | p50 µs, one core | p50 to C, two / one | in flight together, per second |
| --- | --- | --- | --- | --- | --- |`);
for (const [name, { p50, p99 }] of two.sequential) {
  const onOne = one.sequential.get(name)?.p50 ?? NaN;
  const to = (results: ReadonlyMap<string, RoundTrips>, value: number) =>
    (value / (results.get("echo in C")?.p50 ?? NaN)).toFixed(2);
  const rate = two.pipelined.get(name)?.perSecond;
  console.log(
    `| ${name} | ${digits(p50)} | ${digits(p99)} | ${digits(onOne)} | ${to(two.sequential, p50)} / ${
      to(one.sequential, onOne)
    } | ${rate === undefined ? "" : Math.round(rate).toLocaleString("en")} |`,
  );
}

async function measureAll(serverCore: number, clientCore: number) {
  await using stack = new AsyncDisposableStack();
  const home = join(directory, `${serverCore}-${clientCore}`);
  mkdirSync(home);
  const { process: daemon, socket } = backgroundDaemon([haft], join(home, "haft"), { core: serverCore });
  await stack.use(daemon).listening(socket);
  const call = (...argv: string[]) => () => measureClient(argv, clientCore);
  const sequential: Contender[] = [];
  const pipelined: Contender[] = [];
  if (c !== undefined) {
    const echo = join(home, "echo.sock");
    await stack.use(new Background([c, "serve", echo], { core: serverCore })).listening(echo);
    const text = "x".repeat(63);
    sequential.push({ name: "echo in C", run: call(c, "call", echo, `${count}`, "1", text) });
    pipelined.push({ name: "echo in C", run: call(c, "call", echo, `${count * 20}`, "256", text) });
  }
  sequential.push(
    { name: "haft, socket and framing (Bun)", run: call(...client, "socket", socket, `${count}`) },
    { name: "haft, DaemonClient (Bun)", run: call(...client, "client", socket, `${count}`) },
  );
  pipelined.push(
    {
      name: "haft, socket and framing (Bun)",
      run: call(...client, "socket-window", socket, `${count * 20}`),
    },
    { name: "haft, DaemonClient (Bun)", run: call(...client, "client-window", socket, `${count * 5}`) },
  );
  for (const [name, script] of PEERS) {
    const path = join(home, `${script}.sock`);
    const program = ["node", join(directory, `${script}.mjs`)];
    await stack.use(new Background([...program, "serve", path], { core: serverCore })).listening(path);
    sequential.push({ name, run: call(...program, "call", path, `${count}`, "1") });
    pipelined.push({ name, run: call(...program, "call", path, `${count}`, "256") });
  }
  return { sequential: await inTurn(rounds, sequential), pipelined: await inTurn(rounds, pipelined) };
}

async function installPeers(): Promise<void> {
  const scripts = join(projectRoot, "scripts", "bench", "peers");
  for (const name of readdirSync(scripts)) copyFileSync(join(scripts, name), join(directory, name));
  writeFileSync(join(directory, "package.json"), '{"private":true}');
  const argv = ["npm", "install", "--no-audit", "--no-fund", "--silent", ...PACKAGES];
  const { code, stderr } = await runCommand(argv, { cwd: directory, output: "capture" });
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  const versions = PEERS.map(([name]) => {
    const json = readFileSync(join(directory, "node_modules", name, "package.json"), "utf8");
    return `${name} ${JSON.parse(json).version}`;
  });
  console.log(versions.join(", "));
}
