import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { Background } from "./background.ts";
import { BenchDaemon } from "./bench_daemon.ts";
import { inTurn, measureClient } from "./round_trips.ts";
import { Scratch } from "./scratch.ts";
import { machineLine, median } from "./support.ts";

// haft's endpoint for Roo-Code's clients beside a server on node-ipc that answers the same question: with a
// bare socket as the client, which shows what the servers cost, and with node-ipc's own.
//
//     deno run -A scripts/bench/roo.ts [ROUNDS]

const COUNT = 10_000;
const NODE_IPC = "node-ipc@12.0.0";
const rounds = Number(process.argv[2] ?? 5);

using scratch = new Scratch();
const directory = scratch.directory("peers");
const peers = join(projectRoot, "scripts", "bench", "peers");
for (const name of readdirSync(peers)) copyFileSync(join(peers, name), join(directory, name));
writeFileSync(join(directory, "package.json"), '{"private":true}');
const argv = ["npm", "install", "--no-audit", "--no-fund", "--silent", NODE_IPC];
const { code, stderr } = await runCommand(argv, { cwd: directory, output: "capture" });
if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);

const program = ["node", join(directory, "roo.mjs")];
let endpoint = "";
await using _bench = await BenchDaemon.start("", {
  daemon(run) {
    mkdirSync(join(run, "haft"), { recursive: true, mode: 0o700 });
    endpoint = join(run, "haft", "roo.sock");
    return ["--listen", `roo=${endpoint}`];
  },
});
const socket = join(directory, "node-ipc.sock");
await using server = new Background([...program, "serve", socket]);
await server.listening(socket);

console.log(`${machineLine()}; ${NODE_IPC}, median of ${rounds} rounds in turn, ${COUNT} questions`);
for (const [client, role] of [["a bare socket", "call"], ["node-ipc's client", "library"]] as const) {
  const call = (path: string, window: number) => () =>
    measureClient([...program, role, path, `${COUNT * (window > 1 ? 5 : 1)}`, `${window}`], 1);
  const contenders = (window: number) => [
    { name: "node-ipc", run: call(socket, window) },
    { name: "haft", run: call(endpoint, window) },
  ];
  print(`one after the other, ${client}, µs`, await inTurn(rounds, contenders(1), "p50"));
  print(`64 in flight, ${client}, answers/s`, await inTurn(rounds, contenders(64), "perSecond"));
}

function print(what: string, seen: Map<string, number[]>): void {
  const all = [...seen].map(([name, values]) => `${name} ${median(values).toFixed(1)}`);
  const ratio = median(seen.get("haft") ?? []) / median(seen.get("node-ipc") ?? []);
  console.log(`${what}: ${all.join(", ")}; ${ratio.toFixed(2)} times node-ipc`);
}
