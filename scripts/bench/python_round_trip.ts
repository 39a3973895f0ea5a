/**
 * One request and its answer from Python: by the client to the daemon, and by two ends of haft_ipc, against a
 * bare Python socket to a bare Python echo, in the same run. All clients are pinned to one core and all
 * servers to another.
 *
 *     deno task build && deno run -A scripts/bench/python_round_trip.ts [--runs N] [--rounds N] [--python PATH]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "@std/cli/parse-args";
import { projectRoot } from "../support/project.ts";
import { machineLine, median, pinned, printTable } from "./support.ts";

/** What a round trip may cost, as a multiple of the bare socket's. */
const TARGET = 2;

process.env["HAFT_BENCH_PIN"] ??= "0,1";
const flags = parseArgs(process.argv.slice(2), { string: ["runs", "rounds", "python"] });
const runs = Number(flags.runs ?? 7);
const rounds = String(flags.rounds ?? 20_000);
const python: string[] = [
  String(flags.python ?? "python3"),
  join(projectRoot, "scripts", "bench", "python_round_trip.py"),
];
const directory = mkdtempSync(join(tmpdir(), "haft-bench-"));
const sockets = join(directory, "run");
mkdirSync(sockets, { mode: 0o700 });
const children: ChildProcess[] = [];

function start(command: readonly string[], end: "parent" | "child"): ChildProcess {
  const [file = "", ...args] = pinned(command, end);
  const child = spawn(file, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      ...process.env,
      PYTHONPATH: join(projectRoot, "clients", "python", "src"),
      PYTHONDONTWRITEBYTECODE: "1",
      HAFT_HOME: join(directory, "home"),
      XDG_RUNTIME_DIR: directory,
    },
  });
  children.push(child);
  return child;
}

async function listening(path: string): Promise<string> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 10));
  return path;
}

/** A client that measures once for every line it is sent. */
function measurer(mode: string, path: string): () => Promise<number> {
  const child = start([...python, mode, path, rounds], "parent");
  const lines = child.stdout === null ? undefined : createInterface(child.stdout)[Symbol.asyncIterator]();
  return async () => {
    child.stdin?.write("\n");
    const line = await lines?.next();
    if (line === undefined || line.done) throw new Error(`The ${mode} client ended`);
    return Number(line.value);
  };
}

try {
  const paths = {
    raw: join(sockets, "raw"),
    channel: join(sockets, "channel"),
    daemon: join(sockets, "daemon"),
  };
  start([...python, "raw-server", paths.raw], "child");
  start([...python, "channel-server", paths.channel], "child");
  start([join(projectRoot, "dist", "haft"), "daemon", "run", "--socket", paths.daemon], "child");
  const rows = [
    {
      name: "bare socket, bare echo",
      once: measurer("raw", await listening(paths.raw)),
      values: [] as number[],
    },
    {
      name: "Client to the daemon",
      once: measurer("daemon", await listening(paths.daemon)),
      values: [] as number[],
    },
    {
      name: "haft_ipc at both ends",
      once: measurer("channel", await listening(paths.channel)),
      values: [] as number[],
    },
  ];
  for (let run = 0; run < runs; run++) {
    for (const row of rows) row.values.push(await row.once());
  }
  console.log(machineLine());
  printTable(`One round trip, ${rounds} a run`, "µs", rows);
  const [bare, client] = rows.map(({ values }) => median(values));
  const ratio = (client ?? NaN) / (bare ?? NaN);
  console.log(
    `Client to the daemon: ×${ratio.toFixed(2)}; the goal is ×${TARGET} at most: ${
      ratio <= TARGET ? "met" : "MISSED"
    }`,
  );
} finally {
  for (const child of children) child.kill();
  rmSync(directory, { recursive: true, force: true });
}
