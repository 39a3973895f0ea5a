import { hostProcessTable } from "../../process/host_process_table.ts";
import { parseApps } from "../../apps/config/parse_apps.ts";
import type { FleetHost } from "../../fleet/host.ts";
import type { DaemonDoor } from "../../fleet/own_daemon.ts";
import type { FleetStatus } from "../../protocol/methods/fleet_methods.ts";
import type { FleetSettings } from "../../tools/manifest/fleet_settings.ts";

export interface FleetMembershipOptions {
  /** Reads `[fleet]` of the user's settings anew. */
  settings: () => Promise<FleetSettings | undefined>;
  version: string;
  stateDirectory: string;
  log: (line: string) => void;
  door: Omit<DaemonDoor, "checkApps">;
}

/** The daemon's place in a fleet. Without `[fleet]`, nothing of NATS is loaded. */
export class FleetMembership {
  readonly #options: FleetMembershipOptions;
  readonly #begun = Date.now();
  #host: FleetHost | undefined;
  /** What the host was made from. */
  #settings = "";
  /** The fleet and host that this daemon was last; empty before its first look at the settings. */
  #fleet: string | undefined = "";
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: FleetMembershipOptions) {
    this.#options = options;
  }

  /** Others may ask at any time. */
  get busy(): boolean {
    return this.#host !== undefined;
  }

  get status(): FleetStatus {
    return this.#host?.status ?? {
      state: "off",
      error: null,
      fleet: null,
      host: null,
      key: null,
      servers: [],
      since: this.#begun,
      allowed: 0,
      sessions: 0,
      events: { published: 0, dropped: 0, error: null },
    };
  }

  /** Joins, leaves or stays as the settings say now. One change at a time. */
  async reload(): Promise<FleetStatus> {
    const mine = this.#turn.catch(() => {}).then(() => this.#apply());
    this.#turn = mine;
    await mine;
    return this.status;
  }

  /** @param options.keepCopies the next daemon goes on with the apps that the fleet has placed here */
  async close({ keepCopies }: { keepCopies: boolean }): Promise<void> {
    this.#closed = true;
    await this.#turn.catch(() => {});
    await this.#host?.close({ keepCopies });
    this.#host = undefined;
  }

  async #apply(): Promise<void> {
    const settings = await this.#options.settings();
    const text = JSON.stringify(settings ?? null);
    if (this.#closed || (text === this.#settings && this.#host !== undefined)) return;
    const before = this.#fleet;
    this.#fleet = settings === undefined ? undefined : `${settings.name} ${settings.host}`;
    await this.#host?.close({ keepCopies: before === this.#fleet });
    this.#host = undefined;
    this.#settings = text;
    if (settings === undefined) return;
    const { FleetHost } = await import("../../fleet/host.ts");
    const { version, stateDirectory, log } = this.#options;
    const door: DaemonDoor = {
      ...this.#options.door,
      checkApps: ({ apps, manifestPath }) => {
        if (manifestPath !== undefined) parseApps(apps, manifestPath);
      },
    };
    // What happened before this machine joined is not for the fleet.
    const eventsSince = before === "" || before === this.#fleet ? 0 : door.events.seq;
    const bootId = hostProcessTable().bootId();
    this.#host = new FleetHost({ settings, version, stateDirectory, bootId, log, door, eventsSince });
    this.#host.start();
  }
}
