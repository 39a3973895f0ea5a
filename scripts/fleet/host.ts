/** One haft host of the fleet: a home and a daemon of its own, at its place in the network. */
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { DaemonClient } from "../../src/client/mod.ts";
import { runCommand } from "../support/command.ts";
import { type Cluster, FLEET } from "./cluster.ts";
import type { Place } from "./network.ts";

export interface HostOptions {
  name: string;
  haft: string;
  directory: string;
  place: Place;
  cluster: Cluster;
  /** The project whose tasks and apps it runs. */
  project: string;
  /** The directory of its home; its name by default. */
  home?: string;
}

export class Host implements AsyncDisposable {
  readonly name: string;
  readonly place: Place;
  readonly #options: HostOptions;
  /** The number of the last event that this host's daemon was asked to publish. */
  published = 0;
  /** Another haft than the others'. */
  version: string | undefined;
  /** Further variables of its daemon. */
  variables: Record<string, string> = {};
  #client: DaemonClient | undefined;

  private constructor(options: HostOptions) {
    this.#options = options;
    this.name = options.name;
    this.place = options.place;
  }

  /** Joins, and lets this sender run the project's tasks and apps. */
  static async join(
    options: HostOptions,
    sender: string,
    { connected = true }: { connected?: boolean } = {},
  ): Promise<Host> {
    const host = new Host(options);
    const { cluster, name, project } = options;
    const config = join(host.#home, "haft", "config");
    mkdirSync(join(host.#home, "run"), { recursive: true, mode: 0o700 });
    mkdirSync(config, { recursive: true });
    const { creds } = host;
    writeFileSync(creds, cluster.keys.get(name)?.seed ?? "", { mode: 0o600 });
    writeFileSync(
      join(config, "config.toml"),
      [
        "[fleet]",
        `name = "${FLEET}"`,
        `host = "${name}"`,
        `servers = ${JSON.stringify(cluster.servers)}`,
        `creds = "${creds}"`,
        `ca = "${cluster.authority}"`,
        'labels = { role = "build" }',
        "[fleet.events]",
        'types = ["user.n", "task.*"]',
        `[fleet.allow.${sender}]`,
        'methods = ["task.*", "app.*", "events.subscribe"]',
        'projects = ["*"]',
        "",
      ].join("\n"),
    );
    await host.run("trust", project);
    if (connected) await host.start();
    else await host.run("daemon", "start");
    return host;
  }

  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    if (code !== 0) throw new Error(`${this.name}: haft ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  try(...args: string[]) {
    const { file, rest, env, cwd } = this.command(...args);
    return runCommand([file, ...rest], { env, cwd, output: "capture" });
  }

  /** How one of its commands is started. */
  command(...args: string[]) {
    const { haft, project } = this.#options;
    const [file = "", ...rest] = [...this.place.inside, this.version ?? haft, ...args];
    const env = {
      HOME: this.#home,
      HAFT_HOME: join(this.#home, "haft"),
      XDG_RUNTIME_DIR: join(this.#home, "run"),
      ...this.variables,
    };
    return { file, rest, env, cwd: project };
  }

  /** Starts the daemon, and waits until it is in the fleet. */
  async start(): Promise<void> {
    await this.run("daemon", "start");
    await this.until("connected");
  }

  async stop(): Promise<void> {
    await this.#close();
    await this.run("daemon", "stop");
  }

  /** Waits for a state of its membership. @returns why it is so */
  async until(state: string): Promise<string> {
    for (;;) {
      const { stdout } = await this.try("fleet", "status", "--json");
      const status = stdout === "" ? undefined : JSON.parse(stdout);
      if (status?.state === state) return status.error ?? "";
      await delay(200);
    }
  }

  /** The file of its key. */
  get creds(): string {
    return join(this.#home, "creds");
  }

  /** A client of its daemon. */
  client(): Promise<DaemonClient> {
    return DaemonClient.connect({
      client: "faults",
      version: "0.0.0",
      socket: join(this.#home, "run", "haft", "daemon.sock"),
    });
  }

  async daemonPid(): Promise<number> {
    return JSON.parse(await this.run("ipc-send", "daemon.status")).pid;
  }

  /** The machine dies: its daemon, and everything that runs in its home. */
  async die(): Promise<void> {
    await this.#close();
    process.kill(await this.daemonPid(), "SIGKILL");
    for (const pid of this.#processes()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
  }

  /** Publishes the next numbers, until the daemon dies. */
  async publish(count: number): Promise<void> {
    try {
      this.#client ??= await this.client();
      for (let n = 0; n < count; n++) {
        await this.#client.request("events.publish", { type: "user.n", data: this.published + 1 });
        this.published++;
      }
    } catch {
      // The daemon may have taken that one, so its number is not sent again.
      this.published++;
      await this.#close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.try("daemon", "stop");
  }

  async #close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  get #home(): string {
    return join(this.#options.directory, this.#options.home ?? this.name);
  }

  /** Processes with this home in their environment, this script's own excluded. */
  #processes(): number[] {
    return readdirSync("/proc").map(Number).filter((pid) => {
      if (!Number.isInteger(pid) || pid === process.pid || !existsSync(`/proc/${pid}/environ`)) return false;
      try {
        const isOwn = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`HOME=${this.#home}`);
        return isOwn && readlinkSync(`/proc/${pid}/exe`) !== "";
      } catch {
        return false;
      }
    });
  }
}
