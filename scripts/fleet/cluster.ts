/** A cluster of three NATS servers with JetStream, and the keys of a fleet's hosts on it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectFleet, type FleetConnection } from "../../src/fleet/connect.ts";
import { writeSecret } from "../../src/fleet/credentials.ts";
import { createUserKey, type UserKey } from "../../src/fleet/nkey.ts";
import { type Certificate, createAuthority, issueServer } from "../../src/fleet/server/certificate.ts";
import { permissionsOf } from "../../src/fleet/server/permissions.ts";
import { createStores } from "../../src/fleet/server/server_stores.ts";
import type { Network, Place } from "./network.ts";

export const FLEET = "lab";
const SERVERS = 3;
const REPLICAS = 3;
const OBJECTS = { mirrorBytes: 2 ** 26, outputBytes: 2 ** 26 };

interface Node {
  name: string;
  place: Place;
  port: number;
  routes: number;
  child: ChildProcess | undefined;
}

export interface ClusterOptions {
  /** nats-server. */
  executable: string;
  directory: string;
  network: Network;
  /** Names of the hosts that have keys. */
  hosts: readonly string[];
  ackWaitMs: number;
  /** After so long a silence a host has lost its apps. */
  lostMs?: number;
}

export class Cluster implements AsyncDisposable {
  readonly keys: ReadonlyMap<string, UserKey>;
  readonly authority: string;
  readonly #options: ClusterOptions;
  readonly #admin = createUserKey();
  readonly #nodes: Node[] = [];

  private constructor(options: ClusterOptions, authority: Certificate) {
    this.#options = options;
    this.keys = new Map(options.hosts.map((host) => [host, createUserKey()]));
    this.authority = join(options.directory, "ca.pem");
    mkdirSync(options.directory, { recursive: true });
    writeFileSync(this.authority, authority.certificate);
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const authority = createAuthority();
    const cluster = new Cluster(options, authority);
    for (let number = 1; number <= SERVERS; number++) {
      const name = `s${number}`;
      const place = await options.network.place(name);
      const [port, routes] = options.network.kind === "loopback"
        ? [await freePort(), await freePort()]
        : [4222, 6222];
      cluster.#nodes.push({ name, place, port, routes, child: undefined });
    }
    for (const node of cluster.#nodes) cluster.#configure(node, authority);
    for (const { name } of cluster.#nodes) cluster.startServer(name);
    await cluster.#createStreams();
    return cluster;
  }

  get servers(): string[] {
    return this.#nodes.map(({ place, port }) => `tls://${place.address}:${port}`);
  }

  get names(): string[] {
    return this.#nodes.map(({ name }) => name);
  }

  startServer(name: string): void {
    const node = this.#node(name);
    const log = openSync(join(this.#options.directory, `${name}.log`), "a");
    const [file = "", ...args] = [
      ...node.place.inside,
      this.#options.executable,
      "-c",
      join(this.#options.directory, `${name}.json`),
    ];
    node.child = spawn(file, args, { stdio: ["ignore", log, log] });
  }

  async killServer(name: string): Promise<void> {
    const { child } = this.#node(name);
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  place(name: string): Place {
    return this.#node(name).place;
  }

  /** Connects with the key that may do everything, for as long as it takes. */
  async connect(): Promise<FleetConnection> {
    for (;;) {
      try {
        return await connectFleet(
          { name: FLEET, servers: this.servers, host: "admin", creds: "", ca: this.authority },
          { name: "faults", stay: true, credentials: { key: this.#admin, creds: undefined } },
        );
      } catch {
        await delay(200);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { name } of this.#nodes) await this.killServer(name);
  }

  #configure({ name, place, port, routes }: Node, authority: Certificate): void {
    const { directory, hosts } = this.#options;
    const { certificate, privateKey } = issueServer(authority, [place.address, "localhost"]);
    writeFileSync(join(directory, `${name}.pem`), certificate);
    writeSecret(join(directory, `${name}.key`), privateKey);
    const users = hosts.map((host) => {
      const publicKey = this.#key(host).publicKey;
      return { nkey: publicKey, permissions: permissionsOf({ host, publicKey }, FLEET) };
    });
    writeFileSync(
      join(directory, `${name}.json`),
      JSON.stringify({
        server_name: name,
        listen: `${place.address}:${port}`,
        jetstream: { store_dir: join(directory, name), max_file_store: 2 ** 33, sync_interval: "always" },
        cluster: {
          name: FLEET,
          listen: `${place.address}:${routes}`,
          routes: this.#nodes.map((node) => `nats://${node.place.address}:${node.routes}`),
        },
        tls: { cert_file: join(directory, `${name}.pem`), key_file: join(directory, `${name}.key`) },
        authorization: { users: [{ nkey: this.#admin.publicKey }, ...users] },
      }),
    );
  }

  /** The cluster has a leader some seconds after its start. */
  async #createStreams(): Promise<void> {
    await using connection = await this.connect();
    const { nats } = connection;
    for (let attempt = 0;; attempt++) {
      try {
        const { ackWaitMs, lostMs } = this.#options;
        const apps = lostMs === undefined ? {} : { lostMs };
        const members = [...this.keys].map(([host, { publicKey }]) => ({ host, publicKey }));
        await createStores(nats, FLEET, {
          members,
          replicas: REPLICAS,
          tasks: { ackWaitMs },
          apps,
          objects: OBJECTS,
        });
        return;
      } catch (error) {
        if (attempt > 60) throw error;
        await delay(500);
      }
    }
  }

  #node(name: string): Node {
    const node = this.#nodes.find((one) => one.name === name);
    if (node === undefined) throw new Error(`There is no server ${name}`);
    return node;
  }

  #key(host: string): UserKey {
    const key = this.keys.get(host);
    if (key === undefined) throw new Error(`There is no host ${host}`);
    return key;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
