import { connect } from "node:net";
import { createServer } from "node:net";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { connectFleet, type FleetConnection } from "../../src/fleet/connect.ts";
import type { FleetSettings } from "../../src/tools/manifest/fleet_settings.ts";
import { readUserConfig } from "../../src/tools/project/user_config.ts";
import { documented, type RunResult, Sandbox } from "../e2e/support.ts";
import { until } from "../support/until.ts";
import { natsServer } from "./nats_server.ts";

/** One machine: a home and a daemon of its own, on loopback. */
export class Machine implements AsyncDisposable {
  constructor(readonly name: string, readonly sandbox: Sandbox) {}

  run(...args: string[]): Promise<RunResult> {
    return this.sandbox.run(documented, { args });
  }

  /** The standard output of a command that has to succeed. */
  async good(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    assertEquals(code, 0, `${this.name}: haft ${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  }

  async status(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.run("fleet", "status", "--json")).stdout);
  }

  /** Waits for a state of its membership. */
  async until(state: string): Promise<Record<string, unknown>> {
    return await until(() => this.status(), `it is ${state}`, {
      passes: (status) => status["state"] === state,
    });
  }

  get settings(): FleetSettings {
    const { fleet } = readUserConfig(join(this.sandbox.haftHome, "config"));
    if (fleet === undefined) throw new Error(`${this.name} is in no fleet`);
    return fleet;
  }

  get key(): string {
    return readFileSync(this.settings.creds, "utf8").trim();
  }

  /** A bare connection to the server with this machine's key. */
  nats(): Promise<FleetConnection> {
    return connectFleet(this.settings, { name: "test", stay: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("daemon", "stop");
    await this.sandbox[Symbol.asyncDispose]();
  }
}

/**
 * A fleet with a real server that all tests of a file share: its start takes longer than most of what they
 * do. Each test's further machines are gone at its end, and what it has put into streams stays. The server
 * knows the name of one that was killed for 15 s more, so that later tests take other names.
 */
export class SharedFleet {
  readonly #args: readonly string[];
  #world: Promise<FleetWorld> | undefined;

  /** @param args of `haft fleet up` */
  constructor(...args: string[]) {
    this.#args = args;
    Deno.test.afterAll(async () => await (await this.#world)?.[Symbol.asyncDispose]());
  }

  /** The fleet, for one test. */
  async borrow(): Promise<FleetWorld> {
    this.#world ??= FleetWorld.create(...this.#args);
    return (await this.#world).borrowed();
  }
}

/** A fleet with a real server: its first machine runs it, others join. */
export class FleetWorld implements AsyncDisposable {
  readonly #machines: Machine[] = [];
  /** Hosts that have keys. */
  readonly #invited = new Set<string>();
  #isBorrowed = false;

  private constructor(
    readonly first: Machine,
    readonly port: number,
    readonly sandbox: { registry?: string },
  ) {}

  /** The same fleet for a test that leaves its server running. */
  borrowed(): FleetWorld {
    const world = new FleetWorld(this.first, this.port, this.sandbox);
    world.#isBorrowed = true;
    return world;
  }

  /** @param args of `haft fleet up` */
  static create(...args: string[]): Promise<FleetWorld> {
    return FleetWorld.with({}, ...args);
  }

  /** @param sandbox what every machine's home is made with */
  static async with(sandbox: { registry?: string }, ...args: string[]): Promise<FleetWorld> {
    const first = new Machine("alpha", await Sandbox.create(sandbox));
    const world = new FleetWorld(first, await freePort(), sandbox);
    try {
      await world.up(...args);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  async up(...args: string[]): Promise<void> {
    const { first, port } = this;
    await first.good(
      "fleet",
      "up",
      "--server",
      natsServer,
      "--listen",
      `127.0.0.1:${port}`,
      "--name",
      first.name,
      ...args,
    );
  }

  /** A further machine, not joined. */
  async machine(name: string): Promise<Machine> {
    const machine = new Machine(name, await Sandbox.create(this.sandbox));
    this.#machines.push(machine);
    return machine;
  }

  /** The file that lets a host join. */
  async invite(name: string): Promise<string> {
    const directory = join(this.first.sandbox.root, "invitations");
    mkdirSync(directory, { recursive: true });
    this.#invited.add(name);
    return (await this.first.good("fleet", "add-host", name, "--out", join(directory, `${name}.fleet`)))
      .trim();
  }

  async join(name: string, ...args: string[]): Promise<Machine> {
    const machine = await this.machine(name);
    await machine.good("fleet", "join", await this.invite(name), ...args);
    return machine;
  }

  /** The process id of the server. */
  async serverPid(): Promise<number> {
    const apps = JSON.parse(await this.first.good("app", "status", "--every-project", "--json"));
    return apps.find((app: { name: string }) => app.name === "fleet-server").instances[0].pid;
  }

  async untilServerAnswers(): Promise<void> {
    await until(() => answers(this.port), `port ${this.port} answers`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#machines.map((machine) => machine[Symbol.asyncDispose]()));
    if (!this.#isBorrowed) return await this.first[Symbol.asyncDispose]();
    for (const name of this.#invited) {
      await this.first.run("fleet", "remove-host", name);
      rmSync(join(this.first.sandbox.root, "invitations", `${name}.fleet`), { force: true });
    }
    // What the test declared on the first machine is no later one's.
    rmSync(join(this.first.sandbox.project, "haft.toml"), { force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Lets the sender do this on the machine. */
export async function allow(machine: Machine, sender: Machine, grant: string): Promise<void> {
  const { key } = await sender.status();
  const path = join(machine.sandbox.haftHome, "config", "config.toml");
  const before = readFileSync(path, "utf8").replace(/\n\[fleet\.allow\.[^]*$/, "");
  writeFileSync(path, `${before}\n[fleet.allow.${key}]\n${grant}\n`);
  await machine.good("ipc-send", "fleet.reload");
  await machine.until("connected");
}
