import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../support/command.ts";
import { BenchDaemon } from "./bench_daemon.ts";

const PM2 = "pm2@7.0.4";

/** What a benchmark runs: apps that sleep, and one that writes lines while it is asked to. */
export interface Load {
  sleepers: readonly string[];
  /** The command of the app `writer`, which nothing starts by itself; its output goes to `log` as well. */
  writer: readonly string[] | undefined;
}

/** A supervisor of apps, by its own command line. */
export interface Supervisor {
  name: string;
  version: readonly string[];
  start(): void;
  status: readonly string[];
  restart(app: string): void;
  stop(): void;
  /** What follows the log of `writer`. */
  follow: readonly string[];
  startWriter(): void;
  stopWriter(): void;
  /** The file that `writer`'s output goes to. */
  log: string;
  /** What shows the screen on a terminal; undefined without one. */
  screen: readonly string[] | undefined;
  /** The supervisor's process while apps run. */
  pid(): Promise<number>;
  /** Runs a command of it. @returns what it printed */
  run(argv: readonly string[]): string;
  env: Record<string, string>;
  cwd: string;
  end(): Promise<void>;
}

export async function haft({ sleepers, writer }: Load): Promise<Supervisor> {
  const bench = await BenchDaemon.start([
    ...sleepers.map((name) => `[apps.${name}]\ncommand = ["/bin/sleep", "3600"]\n`),
    ...writer === undefined ? [] : [
      `[apps.writer]\ncommand = ${
        JSON.stringify(writer)
      }\nautostart = false\nrestart = "no"\nlog = { file = "writer.log", max_size = "1GiB" }\n`,
    ],
  ].join(""));
  const run = (argv: readonly string[]) => bench.haft(...argv);
  return {
    name: "haft",
    version: ["--version"],
    start: () => void run(["app", "up", "-d"]),
    status: ["app", "status"],
    restart: (app) => void run(["app", "restart", app]),
    stop: () => void run(["app", "down"]),
    follow: [bench.binary, "app", "logs", "-f", "-n", "0", "writer"],
    startWriter: () => void run(["app", "start", "writer"]),
    stopWriter: () => void run(["app", "stop", "writer"]),
    log: join(bench.cwd, "writer.log"),
    screen: [bench.binary, "app", "up", "--tui"],
    pid: async () => (await bench.connect()).ack.pid,
    run,
    env: bench.env,
    cwd: bench.cwd,
    end: () => bench[Symbol.asyncDispose](),
  };
}

export function processCompose(
  { sleepers, writer }: Load,
  executable: string,
  directory: string,
): Supervisor {
  const file = join(directory, "process-compose.yaml");
  const client = ["-U", "--unix-socket", join(directory, "socket"), "-L", join(directory, "client.log")];
  const log = join(directory, "writer.log");
  writeFileSync(
    file,
    `version: "0.5"\nis_tui_disabled: true\nprocesses:\n${
      sleepers.map((name) => `  ${name}:\n    command: "exec sleep 3600"\n`).join("")
    }${
      writer === undefined ? "" : `  writer:\n    command: "exec ${writer.join(" ")}"\n    disabled: true\n` +
        `    log_location: ${log}\n    log_configuration:\n      disable_json: true\n      no_metadata: true\n`
    }`,
  );
  const env = process.env as Record<string, string>;
  const run = runner(executable, { cwd: directory, env });
  return {
    name: "process-compose",
    version: ["version"],
    start: () => void run(["up", "-f", file, "-D", "-t=false", ...client]),
    status: ["process", "list", ...client],
    restart: (app) => void run(["process", "restart", app, ...client]),
    stop: () => void run(["down", ...client]),
    follow: [executable, "process", "logs", "-f", "--raw-log", "writer", ...client],
    startWriter: () => void run(["process", "start", "writer", ...client]),
    stopWriter: () => void run(["process", "stop", "writer", ...client]),
    log,
    screen: [executable, "attach", ...client],
    pid: () => Promise.resolve(processWith(`${file}\0`)),
    run,
    env,
    cwd: directory,
    end() {
      // It has gone where the apps were stopped.
      spawnSync(executable, ["down", ...client], { cwd: directory, env });
      return Promise.resolve();
    },
  };
}

export async function pm2({ sleepers, writer }: Load, directory: string): Promise<Supervisor> {
  writeFileSync(join(directory, "package.json"), '{"private":true}');
  const argv = ["npm", "install", "--no-audit", "--no-fund", "--silent", PM2];
  const { code, stderr } = await runCommand(argv, { cwd: directory, output: "capture" });
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  const log = join(directory, "writer.log");
  const apps = sleepers.map((name) => ({ name, script: "/bin/sleep", args: "3600", interpreter: "none" }));
  writeFileSync(join(directory, "ecosystem.config.json"), JSON.stringify({ apps }));
  const [script = "", ...args] = writer ?? [];
  const own = { name: "writer", script, args, interpreter: "none", autorestart: false, out_file: log };
  writeFileSync(join(directory, "writer.config.json"), JSON.stringify({ apps: [own] }));
  const home = join(directory, "home");
  const env = { ...process.env as Record<string, string>, PM2_HOME: home };
  const executable = join(directory, "node_modules", ".bin", "pm2");
  const run = runner(executable, { cwd: directory, env });
  return {
    name: "pm2",
    version: ["--version"],
    start: () => void run(["start", "ecosystem.config.json"]),
    status: ["list"],
    restart: (app) => void run(["restart", app]),
    stop: () => void run(["delete", "all"]),
    follow: [executable, "logs", "writer", "--raw", "--lines", "0"],
    startWriter: () => void run(["start", "writer.config.json"]),
    stopWriter: () => void run(["delete", "writer"]),
    log,
    screen: [executable, "monit"],
    pid: () => Promise.resolve(Number(readFileSync(join(home, "pm2.pid"), "utf8"))),
    run,
    env,
    cwd: directory,
    end() {
      run(["kill"]);
      return Promise.resolve();
    },
  };
}

function runner(executable: string, options: { cwd: string; env: Record<string, string> }) {
  return (argv: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(executable, [...argv], {
      ...options,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`${executable} ${argv.join(" ")}: ${stderr}${stdout}`);
    return stdout;
  };
}

/** The process whose command line has these words. */
function processWith(words: string): number {
  const pid = readdirSync("/proc").find((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(words);
    } catch {
      return false;
    }
  });
  if (pid === undefined) throw new Error(`No process has "${words}" in its command line`);
  return Number(pid);
}
