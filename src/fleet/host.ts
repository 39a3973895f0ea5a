/**
 * This machine as a member of its fleet: it connects, takes its name, says every few seconds that it is
 * there, and comes back after every break. What goes on locally never waits for it.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, hostname, loadavg } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "../base/errors.ts";
import { randomId } from "../base/random_id.ts";
import { readTextFile } from "../base/read_text_file.ts";
import { shortHash } from "../base/short_hash.ts";
import { PROTOCOL_RANGE } from "../protocol/protocol_range.ts";
import type { FleetStatus } from "../protocol/methods/fleet_methods.ts";
import type { FleetSettings } from "../tools/manifest/fleet_settings.ts";
import { HostApps } from "./apps/host_apps.ts";
import { connectFleet, type FleetConnection } from "./connect.ts";
import { readCredentials, writeSecret } from "./credentials.ts";
import { EventPublisher } from "./event_publisher.ts";
import { type DaemonDoor, OwnDaemon } from "./own_daemon.ts";
import { RequestServer } from "./request_server.ts";
import { Leftovers } from "./tasks/leftovers.ts";
import { TaskWorker } from "./tasks/task_worker.ts";
import { type HostRecord, Presence, PRESENCE_EVERY_MS } from "./presence.ts";

export interface FleetHostOptions {
  settings: FleetSettings;
  /** haft's own version. */
  version: string;
  /** Where this haft keeps its state. */
  stateDirectory: string;
  /** Names this run of the system. */
  bootId: string;
  /** A line for the daemon's log. */
  log: (line: string) => void;
  door: DaemonDoor;
  /** The first event to publish is the one after this `seq`. */
  eventsSince: number;
}

/** Milliseconds between attempts: the first, and the longest. Chance adds up to as much again. */
const RETRY = { first: 1_000, longest: 10_000 };

export class FleetHost {
  readonly #options: FleetHostOptions;
  readonly #stop = new AbortController();
  readonly #boot = randomId();
  readonly #startedAt = Date.now();
  #state: FleetStatus["state"] = "connecting";
  #error: string | null = null;
  #since = Date.now();
  #key: string | null = null;
  /** While this host has its name. */
  #requests: RequestServer | undefined;
  readonly #own: OwnDaemon;
  readonly #events: EventPublisher;
  readonly #tasks: TaskWorker;
  readonly #apps: HostApps;
  /** Publishing and working end when the name is no longer this host's, or the connection is over. */
  #work: { stop: AbortController; ended: Promise<unknown> } | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: FleetHostOptions) {
    this.#options = options;
    const { settings, stateDirectory, version, door, eventsSince: since, log } = options;
    const { name: fleet, host, labels, events } = settings;
    this.#own = new OwnDaemon({ door, host, version, log });
    const daemon = () => this.#own.client();
    const leftovers = new Leftovers(stateDirectory, daemon);
    this.#tasks = new TaskWorker({
      settings,
      daemon,
      facts: this.#own.facts,
      leftovers,
      env: door.user.env,
      log,
    });
    this.#apps = new HostApps({
      settings,
      instance: instanceId(stateDirectory),
      bootId: options.bootId,
      stateDirectory,
      key: () => this.#key ?? "",
      daemon,
      facts: this.#own.facts,
      user: door.user,
      checkApps: door.checkApps,
      log,
    });
    this.#events = new EventPublisher({
      address: { fleet, host },
      labels,
      settings: events,
      source: door.events,
      since,
      log,
    });
  }

  /** Begins; it never fails, and {@link status} says how it goes. */
  start(): void {
    this.#ended = this.#run();
  }

  get status(): FleetStatus {
    const { name, host, servers, allow } = this.#options.settings;
    return {
      state: this.#state,
      error: this.#error,
      fleet: name,
      host,
      key: this.#key,
      servers,
      since: this.#since,
      allowed: Object.keys(allow).length,
      sessions: this.#requests?.sessions ?? 0,
      events: this.#events.figures,
    };
  }

  /** @param options.keepCopies this machine stays a member, and goes on with its apps of the fleet */
  async close({ keepCopies }: { keepCopies: boolean }): Promise<void> {
    await this.#apps.close({ stop: !keepCopies });
    this.#stop.abort();
    await this.#ended;
    await this.#own[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { name, host } = this.#options.settings;
    for (let wait = RETRY.first; !signal.aborted; wait = Math.min(wait * 2, RETRY.longest)) {
      try {
        const credentials = readCredentials(this.#options.settings.creds);
        this.#key = credentials.key.publicKey;
        await using connection = await connectFleet(this.#options.settings, {
          name: `haft ${host}`,
          stay: true,
          credentials,
        });
        wait = RETRY.first;
        await this.#belong(connection);
      } catch (error) {
        this.#become("failed", errorMessage(error));
      }
      await delay(wait + Math.random() * wait, undefined, { signal }).catch(() => {});
    }
    this.#options.log(`left fleet "${name}"`);
  }

  /** Is a member until the connection ends for good, or this host leaves. */
  async #belong(connection: FleetConnection): Promise<void> {
    const { nats } = connection;
    const { signal } = this.#stop;
    const presence = await Presence.open(nats, this.#options.settings.name);
    let ended = false;
    void nats.closed().then(() => ended = true);
    const wake = new EventTarget();
    void this.#watch(nats.status(), wake);
    try {
      while (!ended && !signal.aborted) {
        await this.#announce(presence);
        await this.#serve(connection, presence);
        await nap(wake, signal);
      }
    } finally {
      await this.#stopServing();
    }
    if (!ended) await presence.withdraw(this.#options.settings.host).catch(() => {});
    else this.#become("failed", "The server ended the connection");
  }

  async #announce(presence: Presence): Promise<void> {
    const { host } = this.#options.settings;
    try {
      const other = await presence.announce(this.#record());
      if (other === undefined) return this.#become("connected", null);
      this.#become(
        "refused",
        `Another machine is "${host}" in this fleet (${other.platform}, haft ${other.version}, ` +
          `since ${new Date(other.started_at).toISOString()})`,
      );
    } catch (error) {
      const text = errorMessage(error);
      // The server lets a key be one host, and its administrator says which.
      if (/permissions violation/i.test(text)) {
        this.#become("failed", `The server does not let this key be host "${host}": it is another host's`);
      } else this.#become("connecting", `The server does not answer: ${text}`);
    }
  }

  /** Serves others while the name is this host's, and not a moment when it is another's. */
  async #serve(connection: FleetConnection, presence: Presence): Promise<void> {
    const { settings: { name: fleet, host, allow }, door, log } = this.#options;
    const { nats } = connection;
    if (this.#state === "refused") await this.#stopServing();
    else if (this.#state === "connected" && this.#requests === undefined) {
      this.#requests = new RequestServer({
        nats,
        address: { fleet, host },
        allow,
        door,
        facts: this.#own.facts,
        log,
      });
      this.#requests.start();
      const stop = new AbortController();
      const ended = Promise.all([
        this.#events.run(nats, stop.signal),
        this.#tasks.run(connection, presence, stop.signal),
        this.#apps.run(connection, stop.signal),
      ]);
      this.#work = { stop, ended };
    }
  }

  async #stopServing(): Promise<void> {
    this.#requests?.[Symbol.dispose]();
    this.#requests = undefined;
    this.#work?.stop.abort();
    await this.#work?.ended;
    this.#work = undefined;
  }

  async #watch(statuses: AsyncIterable<{ type: string }>, wake: EventTarget): Promise<void> {
    for await (const { type } of statuses) {
      if (type === "disconnect") {
        this.#become("connecting", "The connection to the server is lost");
        this.#requests?.endAll("The host lost its connection to the server");
      }
      if (type === "reconnect") wake.dispatchEvent(new Event("wake"));
    }
  }

  /** Says each new state in the log, once. */
  #become(state: FleetStatus["state"], error: string | null): void {
    if (state === this.#state && error === this.#error) return;
    if (state !== this.#state) this.#since = Date.now();
    this.#state = state;
    this.#error = error;
    const { name, host } = this.#options.settings;
    this.#options.log(`fleet "${name}", host "${host}": ${state}${error === null ? "" : `: ${error}`}`);
  }

  #record(): HostRecord {
    const { settings, version, stateDirectory } = this.#options;
    return {
      host: settings.host,
      key: this.#key ?? "",
      boot: this.#boot,
      instance: instanceId(stateDirectory),
      version,
      protocol: [...PROTOCOL_RANGE],
      platform: `${process.platform}-${process.arch}`,
      labels: settings.labels,
      cores: availableParallelism(),
      load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
      memory_bytes: process.memoryUsage.rss(),
      started_at: this.#startedAt,
      time: Date.now(),
    };
  }
}

/** Until the next time to say that this host is there, a wake or the end. */
async function nap(wake: EventTarget, signal: AbortSignal): Promise<void> {
  const early = new AbortController();
  wake.addEventListener("wake", () => early.abort(), { once: true });
  await delay(PRESENCE_EVERY_MS, undefined, { signal: AbortSignal.any([signal, early.signal]) }).catch(
    () => {},
  );
}

/** Names the machine and its haft, the same over restarts; a copy of the files on another machine differs. */
function instanceId(state: string): string {
  const path = join(state, "fleet-instance");
  if (!existsSync(path)) writeSecret(path, `${randomBytes(8).toString("hex")}\n`);
  const machine = existsSync("/etc/machine-id") ? readFileSync("/etc/machine-id", "utf8").trim() : "";
  return shortHash([readTextFile(path).trim(), machine, hostname(), state].join("\n"));
}
