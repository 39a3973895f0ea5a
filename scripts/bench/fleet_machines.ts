/** A fleet on loopback, TLS included: its first machine runs the server, and all trust it with everything. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../support/command.ts";

const PORT = 14_333;

/** A home with a daemon of its own. */
export class Machine {
  readonly root: string = mkdtempSync(join(tmpdir(), "haft-bench-"));
  readonly #haft: string;

  constructor(haft: string) {
    this.#haft = haft;
  }

  get env(): Record<string, string> {
    return {
      HOME: this.root,
      HAFT_HOME: join(this.root, "haft"),
      XDG_RUNTIME_DIR: join(this.root, "run"),
    };
  }

  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand([this.#haft, ...args], {
      env: this.env,
      cwd: this.root,
      output: "capture",
    });
    if (code !== 0) throw new Error(`haft ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  get config(): string {
    return join(this.root, "haft", "config");
  }

  async daemonPid(): Promise<number> {
    return JSON.parse(await this.run("ipc-send", "daemon.status")).pid;
  }
}

export class BenchFleet implements AsyncDisposable {
  readonly first: Machine;
  readonly #haft: string;
  readonly #others: Machine[] = [];

  private constructor(haft: string) {
    this.#haft = haft;
    this.first = new Machine(haft);
  }

  static async start({ haft, server }: { haft: string; server: string }): Promise<BenchFleet> {
    const fleet = new BenchFleet(haft);
    const listen = `127.0.0.1:${PORT}`;
    await fleet.first.run("fleet", "up", "--server", server, "--listen", listen, "--name", "first");
    return fleet;
  }

  async join(name: string, ...args: string[]): Promise<Machine> {
    const machine = new Machine(this.#haft);
    this.#others.push(machine);
    const invitation = join(this.first.root, `${name}.fleet`);
    await this.first.run("fleet", "add-host", name, "--out", invitation);
    await machine.run("fleet", "join", invitation, ...args);
    const { key } = JSON.parse(await this.first.run("fleet", "status", "--json"));
    const config = join(machine.config, "config.toml");
    writeFileSync(
      config,
      `${readFileSync(config, "utf8")}\n[fleet.allow.${key}]\nmethods = ["*"]\nprojects = ["*"]\n`,
    );
    await machine.run("ipc-send", "fleet.reload");
    // Its exit code is not 0 while the host is not connected.
    while (!await machine.run("fleet", "status").then(() => true, () => false));
    return machine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of [...this.#others, this.first]) {
      await machine.run("daemon", "stop");
      rmSync(machine.root, { recursive: true, force: true });
    }
  }
}
