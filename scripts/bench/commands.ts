import { parseArgs } from "@std/cli/parse-args";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";
import { machineLine, printTable } from "./support.ts";

/*
 * What the commands cost that talk to the daemon: a request from a shell, and the daemon's start until it
 * answers. Beside them a program that does nothing, and haft's own start.
 *
 *     deno run -A scripts/bench/commands.ts [--rounds 40]
 */

const rounds = Number(parseArgs(process.argv.slice(2), { string: ["rounds"] })["rounds"] ?? 40);
const { path: haft } = await build();
using scratch = new Scratch();
const directory = scratch.directory("commands");
const XDG_RUNTIME_DIR = join(directory, "run");
mkdirSync(XDG_RUNTIME_DIR, { mode: 0o700 });
const options = { cwd: directory, env: { HAFT_HOME: join(directory, "home"), XDG_RUNTIME_DIR } };
const run = (...argv: string[]) => () => timeCommand(argv, options);
const stop = run(haft, "daemon", "stop");

console.log(machineLine("not pinned"));
run(haft, "daemon", "start")();
const calls = alternate(rounds, {
  nothing: run("/bin/true"),
  version: run(haft, "--version"),
  ping: run(haft, "ipc-send", "daemon.ping"),
  status: run(haft, "daemon", "status"),
});
stop();
const starts = alternate(Math.ceil(rounds / 2), {
  nothing: run("/bin/true"),
  start: () => {
    const elapsed = run(haft, "daemon", "start")();
    stop();
    return elapsed;
  },
  spawning: () => {
    const elapsed = run(haft, "ipc-send", "daemon.ping")();
    stop();
    return elapsed;
  },
});
printTable("with a daemon that runs", "ms", [
  { name: "/bin/true", values: calls.nothing },
  { name: "haft --version", values: calls.version },
  { name: "haft ipc-send daemon.ping", values: calls.ping },
  { name: "haft daemon status", values: calls.status },
]);
printTable("with none", "ms", [
  { name: "/bin/true", values: starts.nothing },
  { name: "haft daemon start, until it answers", values: starts.start },
  { name: "haft ipc-send daemon.ping, which starts it", values: starts.spawning },
]);
