import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { mustRun } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { Background, backgroundDaemon } from "./background.ts";
import { bunProgram } from "./bun_program.ts";
import { bench, type Run } from "./report/bench.ts";
import { firstLine } from "./report/machine.ts";
import { type Contender, inTurn, measureClient } from "./round_trips.ts";
import { Scratch } from "./scratch.ts";

/*
 * One small request and its answer, over a unix socket, beside the libraries that programs use for it on
 * Node. They are installed into a scratch directory by the machine's npm; haft's own map of imports does not
 * know them. Server on core 0, client on core 1, or both on core 0.
 */

const COUNT = 5_000;
const PEERS = [
  { name: "node-ipc", script: "node_ipc", install: "node-ipc@12" },
  { name: "vscode-jsonrpc", script: "vscode_jsonrpc", install: "vscode-jsonrpc" },
  { name: "@grpc/grpc-js", script: "grpc", install: "@grpc/grpc-js" },
] as const;

await bench({ rounds: 5 }, async function* (run) {
  const { path: haft } = await build();
  using scratch = new Scratch();
  const directory = scratch.directory("peers");
  const client = await bunProgram("rpc_client.ts", directory);
  await installPeers(directory, run);
  for (const [where, cores] of [["two cores", [0, 1]], ["one core", [0, 0]]] as const) {
    const { p50, perSecond } = await measureAll({ haft, directory, client, cores, rounds: run.rounds });
    for (const { name } of PEERS) {
      yield {
        name: `peers.${name}.${where.replace(" ", "-")}`,
        title: `\`DaemonClient\` under Bun, one after the other, ${where}`,
        unit: "µs",
        values: p50.get("haft") ?? [],
        baseline: { name: `${name} under Node`, values: p50.get(name) ?? [] },
      };
    }
    if (where === "one core") continue;
    for (const { name } of PEERS) {
      yield {
        name: `peers.${name}.window`,
        title: "the same, 256 in flight",
        unit: "requests/s",
        values: perSecond.get("haft") ?? [],
        baseline: { name: `${name} under Node`, values: perSecond.get(name) ?? [] },
      };
    }
  }
});

async function measureAll({ haft, directory, client, cores: [serverCore, clientCore], rounds }: {
  haft: string;
  directory: string;
  client: readonly string[];
  cores: readonly [number, number];
  rounds: number;
}) {
  await using stack = new AsyncDisposableStack();
  const home = join(directory, `${serverCore}-${clientCore}`);
  mkdirSync(home);
  const { process: daemon, socket } = backgroundDaemon([haft], join(home, "haft"), { core: serverCore });
  await stack.use(daemon).listening(socket);
  const call = (...argv: string[]) => () => measureClient(argv, clientCore);
  const sequential: Contender[] = [{ name: "haft", run: call(...client, "client", socket, `${COUNT}`) }];
  const pipelined: Contender[] = [
    { name: "haft", run: call(...client, "client-window", socket, `${COUNT * 5}`) },
  ];
  for (const { name, script } of PEERS) {
    const path = join(home, `${script}.sock`);
    const program = ["node", join(directory, `${script}.mjs`)];
    await stack.use(new Background([...program, "serve", path], { core: serverCore })).listening(path);
    sequential.push({ name, run: call(...program, "call", path, `${COUNT}`, "1") });
    pipelined.push({ name, run: call(...program, "call", path, `${COUNT}`, "256") });
  }
  return {
    p50: await inTurn(rounds, sequential, "p50"),
    perSecond: await inTurn(rounds, pipelined, "perSecond"),
  };
}

async function installPeers(directory: string, run: Run): Promise<void> {
  const scripts = join(projectRoot, "scripts", "bench", "peers");
  for (const name of readdirSync(scripts)) copyFileSync(join(scripts, name), join(directory, name));
  writeFileSync(join(directory, "package.json"), '{"private":true}');
  const packages = PEERS.map(({ install }) => install);
  await mustRun(["npm", "install", "--no-audit", "--no-fund", "--silent", ...packages], { cwd: directory });
  for (const { name } of PEERS) {
    const json = readFileSync(join(directory, "node_modules", name, "package.json"), "utf8");
    run.peer(name, JSON.parse(json).version);
  }
  run.peer("node", firstLine("node", "--version"));
}
