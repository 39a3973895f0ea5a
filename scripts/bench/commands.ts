import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build.ts";
import { backgroundDaemon } from "./background.ts";
import { compiledProgram } from "./bun_program.ts";
import { bench } from "./report/bench.ts";
import { Scratch } from "./scratch.ts";
import { alternate, timeCommand } from "./spawn.ts";

// What the commands cost that talk to the daemon, which runs on core 0: a request from a shell, beside a
// compiled program that connects, asks and prints; and the daemon's start until it answers.

await bench({ rounds: 41, core: 1 }, async function* ({ rounds }) {
  const { path: haft } = await build();
  using scratch = new Scratch();
  const directory = scratch.directory("commands");
  const ask = await compiledProgram("programs/ask_daemon.ts", directory);
  const calls = await withDaemon(haft, directory, ({ socket, options }) => {
    const run = (...argv: string[]) => () => timeCommand(argv, options);
    return alternate(rounds, {
      ask: run(ask, socket),
      ping: run(haft, "ipc-send", "daemon.ping"),
      status: run(haft, "daemon", "status"),
    });
  });
  const unit = "ms";
  const asked = { name: "a compiled program that connects, asks and prints", values: calls.ask };
  yield {
    name: "commands.ping",
    title: "`haft ipc-send daemon.ping`",
    unit,
    values: calls.ping,
    baseline: asked,
    goal: { of: "ratio", atMost: 1.3 },
  };
  yield {
    name: "commands.status",
    title: "`haft daemon status`",
    unit,
    values: calls.status,
    baseline: asked,
  };
  const options = { cwd: directory, env: homeIn(join(directory, "starts")) };
  const run = (...argv: string[]) => () => timeCommand(argv, options);
  const started = (...argv: string[]) => () => {
    const elapsed = run(haft, ...argv)();
    run(haft, "daemon", "stop")();
    return elapsed;
  };
  const starts = alternate(Math.ceil(rounds / 2), {
    version: run(haft, "--version"),
    start: started("daemon", "start"),
    ping: started("ipc-send", "daemon.ping"),
  });
  const version = { name: "`haft --version`", values: starts.version };
  yield {
    name: "commands.start",
    title: "`haft daemon start`, until it answers",
    unit,
    values: starts.start,
    baseline: version,
    goal: { of: "value", atMost: 150 },
  };
  yield {
    name: "commands.ping-starts",
    title: "`haft ipc-send daemon.ping` that starts it",
    unit,
    values: starts.ping,
    baseline: version,
  };
});

async function withDaemon<T>(
  haft: string,
  directory: string,
  measure: (running: { socket: string; options: { cwd: string; env: Record<string, string> } }) => T,
): Promise<T> {
  const { process: daemon, socket, env } = backgroundDaemon([haft], join(directory, "calls"), { core: 0 });
  await using running = daemon;
  await running.listening(socket);
  return measure({ socket, options: { cwd: directory, env } });
}

function homeIn(directory: string): Record<string, string> {
  const run = join(directory, "run");
  mkdirSync(run, { recursive: true, mode: 0o700 });
  return { HAFT_HOME: join(directory, "home"), XDG_RUNTIME_DIR: run };
}
