import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until } from "../support/until.ts";
import { allow, FleetWorld, type Machine } from "./fleet_world.ts";

const GRANT = 'methods = ["app.*"]\nprojects = ["*"]';

/** A copy of an app, as `haft app status --json` has it. */
export interface Copy {
  copy: number;
  host: string | null;
  state: string;
  reason: string | null;
  pid: number | null;
}

/** Marks each run while it goes on, so that two of one copy at once are seen. */
function commandOf(marks: string): string {
  return [
    `f=${marks}/$HAFT_FLEET_COPY`,
    `if ! mkdir $f 2>/dev/null && kill -0 $(cat $f/pid) 2>/dev/null; then echo $f >> ${marks}/twice; fi`,
    "echo $$ > $f/pid",
    "trap 'rm -r $f; exit' TERM",
    "while true; do sleep 0.1; done",
  ].join("; ");
}

/** A fleet whose hosts have checkouts of one project, and an operator who has another. */
export class AppsWorld implements AsyncDisposable {
  readonly marks: string;

  private constructor(readonly fleet: FleetWorld, readonly hosts: Machine[]) {
    this.marks = join(fleet.first.sandbox.root, "marks");
    mkdirSync(this.marks);
  }

  static async create(
    names: readonly string[],
    { keys = "", limit = "4s" }: { keys?: string; limit?: string } = {},
  ): Promise<AppsWorld> {
    const fleet = await FleetWorld.create("--app-limit", limit);
    try {
      const hosts: Machine[] = [];
      for (const name of names) {
        const machine = await fleet.join(name, "--label", "role=web");
        await allow(machine, fleet.first, GRANT);
        hosts.push(machine);
      }
      const world = new AppsWorld(fleet, hosts);
      await world.write(keys);
      return world;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  get operator(): Machine {
    return this.fleet.first;
  }

  /** Where a host has the project: each on this one machine needs another place. */
  project(host: Machine): string {
    return join(host.sandbox.root, "home", "web");
  }

  /** Writes the app's table for the operator and for hosts, whose users then trust it. */
  async write(keys: string, hosts: readonly Machine[] = this.hosts): Promise<void> {
    const command = JSON.stringify(commandOf(this.marks));
    const text = keys.includes("command =") ? keys : `command = ${command}\n${keys}`;
    const manifest = `[apps.web]\nhosts = "role=web:~/web"\n${text}\n`;
    this.operator.sandbox.manifest(manifest);
    for (const host of hosts) {
      mkdirSync(this.project(host), { recursive: true });
      writeFileSync(join(this.project(host), "haft.toml"), manifest);
      await host.good("trust", this.project(host));
    }
  }

  /** Its processes on a host. */
  async pids(host: Machine): Promise<number[]> {
    const request = JSON.stringify({ root: this.project(host) });
    const { apps } = JSON.parse(await host.good("ipc-send", "app.status", request));
    return apps.flatMap(({ instances }: { instances: { pid: number | null }[] }) =>
      instances.flatMap(({ pid }) => pid ?? [])
    );
  }

  host(name: string | null): Machine {
    const host = this.hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`There is no host ${name}`);
    return host;
  }

  async copies(): Promise<Copy[]> {
    const { stdout } = await this.operator.run("app", "status", "web", "--json");
    return JSON.parse(stdout)[0].copies ?? [];
  }

  async until(passes: (copies: Copy[]) => boolean): Promise<Copy[]> {
    return await until(() => this.copies(), "the copies are as wanted", { passes });
  }

  get wasTwice(): boolean {
    return existsSync(join(this.marks, "twice"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
  }
}

/** The machine dies: its daemon, and the copy that it runs. */
export async function killMachine(machine: Machine, { pid }: Copy): Promise<void> {
  const daemon = JSON.parse(await machine.good("ipc-send", "daemon.status")).pid;
  process.kill(daemon, "SIGKILL");
  if (pid !== null) process.kill(pid, "SIGKILL");
}
