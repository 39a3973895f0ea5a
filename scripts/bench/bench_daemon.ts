import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { DaemonClient } from "../../src/client/daemon_client.ts";
import { Scratch } from "./scratch.ts";

interface BenchOptions {
  env?: Record<string, string>;
  /** @param run the runtime directory */
  daemon?: (run: string) => string[];
  settings?: string;
}

/** The compiled haft with a daemon, a project and a home of its own, all gone at the end. */
export class BenchDaemon implements AsyncDisposable {
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly binary: string;
  readonly #scratch: Scratch;
  readonly #clients: DaemonClient[] = [];
  readonly socket: string;

  /**
   * @param manifest the text of haft.toml, which is trusted
   * @param options.daemon words after `haft daemon start`
   * @param options.settings the text of the user's own settings
   */
  static async start(
    manifest: string,
    options: BenchOptions = {},
  ): Promise<BenchDaemon> {
    const { path } = await build();
    return new BenchDaemon(path, manifest, options);
  }

  private constructor(
    binary: string,
    manifest: string,
    { env = {}, daemon = () => [], settings = "" }: BenchOptions,
  ) {
    this.binary = binary;
    this.#scratch = new Scratch();
    this.cwd = this.#scratch.directory("project");
    const run = this.#scratch.directory("run");
    this.env = {
      ...process.env as Record<string, string>,
      HAFT_HOME: join(this.cwd, "home"),
      XDG_RUNTIME_DIR: run,
      ...env,
    };
    delete this.env["HAFT_SOCKET"];
    const config = join(this.cwd, "home", "config");
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "config.toml"), settings);
    writeFileSync(join(this.cwd, "haft.toml"), manifest);
    this.haft("trust");
    this.haft("daemon", "start", ...daemon(run));
    this.socket = this.haft("ipc-send", "--print-socket").trim();
  }

  /** @returns what it printed @throws when it did not end with 0 */
  haft(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(this.binary, args, {
      cwd: this.cwd,
      env: this.env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`haft ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** A directory that goes with the rest. */
  directory(name: string): string {
    return this.#scratch.directory(name);
  }

  async connect(): Promise<DaemonClient> {
    const { socket, env } = this;
    const client = await DaemonClient.connect({ client: "bench", version: "1.0.0", socket, env });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.haft("daemon", "stop");
    this.#scratch[Symbol.dispose]();
  }
}
