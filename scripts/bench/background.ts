import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";

export interface BackgroundOptions {
  /** The core that the process is kept on; any when undefined, or where there is no taskset. */
  core?: number | undefined;
  env?: Record<string, string>;
}

const hasTaskset = spawnSync("taskset", ["--version"], { stdio: "ignore" }).status === 0;

/**
 * The argv with `taskset` before it. Where the two ends of a socket run decides more than what they are
 * written in.
 */
export function onCore(core: number | undefined, argv: readonly string[]): string[] {
  return core === undefined || !hasTaskset ? [...argv] : ["taskset", "-c", `${core}`, ...argv];
}

/** A process that serves while something else is measured; killed when disposed of. */
export class Background implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(argv: readonly string[], { core, env = {} }: BackgroundOptions = {}) {
    const [file = "", ...args] = onCore(core, argv);
    this.#child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    this.#ended = new Promise((resolve) => this.#child.once("exit", () => resolve()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until somebody answers at the socket. */
  async listening(path: string): Promise<void> {
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`The server ended with ${this.#child.exitCode}`);
      if (existsSync(path) && await answers(path)) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A stopped process is killed all the same. Not by the child's own kill(): Deno's acts on the first call
    // alone.
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(this.pid, "SIGKILL");
    await this.#ended;
  }
}

/** `haft daemon run` with a home and a socket of its own below `directory`. */
export function backgroundDaemon(
  haft: readonly string[],
  directory: string,
  options: BackgroundOptions = {},
): { process: Background; socket: string; env: Record<string, string> } {
  const run = join(directory, "run");
  mkdirSync(run, { mode: 0o700, recursive: true });
  const env = { HAFT_HOME: join(directory, "home"), XDG_RUNTIME_DIR: run, ...options.env };
  const process = new Background([...haft, "daemon", "run"], { ...options, env });
  return { process, socket: join(run, "haft", "daemon.sock"), env };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
