/** What can go wrong in a fleet, and what has to hold meanwhile beside the counts of every round. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import type { FleetConnection } from "../../src/fleet/connect.ts";
import { createUserKey } from "../../src/fleet/nkey.ts";
import { directStream, eventsStream, hostPool, tasksStream, taskSubject } from "../../src/fleet/subjects.ts";
import { type Cluster, FLEET } from "./cluster.ts";
import type { Host } from "./host.ts";

export interface World {
  cluster: Cluster;
  hosts: Host[];
  connection: FleetConnection;
  project: string;
  /** A haft of an earlier version. */
  older: string | undefined;
  /** Another machine with the name and key of h2. */
  twin: () => Promise<Host>;
}

export interface Check {
  what: string;
  holds: boolean;
}

/** After so long a silence the queue gives a task to another host. */
export const ACK_WAIT_MS = 4_000;

/** Debian's libfaketime, where it is installed. */
export const fakeTime: string | undefined = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
  .map((triple) => `/usr/lib/${triple}/faketime/libfaketime.so.1`).find((path) => existsSync(path));

/** The name of the server that leads the queue. */
async function leader({ connection, cluster }: World): Promise<string> {
  const manager = await jetstreamManager(connection.nats, { checkAPI: false });
  for (let attempt = 0; attempt < 50; attempt++) {
    const info = await manager.streams.info(tasksStream(FLEET)).catch(() => undefined);
    if (info?.cluster?.leader !== undefined && info.cluster.leader !== "") return info.cluster.leader;
    await delay(200);
  }
  return cluster.names[0] ?? "";
}

function hostAt({ hosts }: World, index: number): Host {
  const host = hosts[index];
  if (host === undefined) throw new Error("There are too few hosts");
  return host;
}

/** The first host is the sender's, and stays. */
function victim(world: World, round: number): Host {
  return hostAt(world, 1 + round % (world.hosts.length - 1));
}

/** Each does its worst, and puts things right again. */
export const FAULTS: Readonly<Record<string, (world: World, round: number) => Promise<Check[] | void>>> = {
  /** The leader of the queue is killed by -9, and comes back. */
  async leader(world) {
    const name = await leader(world);
    await world.cluster.killServer(name);
    await delay(2_000);
    world.cluster.startServer(name);
  },
  /** All servers are gone for a while. */
  async servers({ cluster }) {
    await Promise.all(cluster.names.map((name) => cluster.killServer(name)));
    await delay(3_000);
    for (const name of cluster.names) cluster.startServer(name);
  },
  /** A host dies with all that runs on it, and comes back. */
  async host(world, round) {
    const host = victim(world, round);
    await host.die();
    await delay(1_000);
    await host.start();
  },
  /** A host's daemon stands still for longer than the queue waits. */
  async still(world, round) {
    const pid = await victim(world, round).daemonPid();
    process.kill(pid, "SIGSTOP");
    await delay(ACK_WAIT_MS * 2);
    process.kill(pid, "SIGCONT");
  },
  /** A host is cut off the network for longer than the queue waits. */
  async cut(world, round) {
    const { cut } = victim(world, round).place;
    await cut?.(true);
    await delay(ACK_WAIT_MS * 2);
    await cut?.(false);
  },
  /** The network is cut in two: the leader of the queue is alone. */
  async split(world) {
    const { cut } = world.cluster.place(await leader(world));
    await cut?.(true);
    await delay(12_000);
    await cut?.(false);
  },
  /** A host's clock is an hour ahead, or behind; only its monotonic clock is right. */
  async clock(world, round) {
    const host = victim(world, round);
    await host.stop();
    const off = round % 2 === 0 ? "+1h" : "-1h";
    host.variables = { LD_PRELOAD: fakeTime ?? "", FAKETIME: off, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
    await host.start();
    const seen = JSON.parse(await hostAt(world, 0).run("fleet", "ls", "--json"))
      .find((one: { host: string }) => one.host === host.name);
    await delay(ACK_WAIT_MS);
    await host.stop();
    host.variables = {};
    await host.start();
    return [{ what: "fleet ls says by how much", holds: Math.abs(seen.clock_skew_ms) > 3_590_000 }];
  },
  /** A follower of a host stands still while 20 MB of events pass. */
  async slow(world, round) {
    const host = victim(world, round);
    const { file, rest, env, cwd } = hostAt(world, 0).command(
      ...["--host", host.name, "ipc-send", "--subscribe", "user.big,user.end"],
    );
    const child = spawn(file, rest, {
      env: { ...process.env, ...env },
      cwd,
      stdio: ["ignore", "pipe", "ignore"],
    });
    // The child's own `kill` works once.
    const signal = (name: NodeJS.Signals) => process.kill(child.pid ?? 0, name);
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
    await using client = await host.client();
    while (!text.includes("user.big")) {
      await client.request("events.publish", { type: "user.big", data: -1 });
      await delay(100);
    }
    signal("SIGSTOP");
    const begun = performance.now();
    for (let sent = 0; sent < BIG.events; sent += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          client.request("events.publish", {
            type: "user.big",
            data: [sent + index, "x".repeat(BIG.bytes)],
          })),
      );
    }
    const took = performance.now() - begun;
    signal("SIGCONT");
    while (!text.includes('"user.end"') && child.exitCode === null) {
      await client.request("events.publish", { type: "user.end", data: null });
      await delay(200);
    }
    signal("SIGKILL");
    const lines = text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    const big = lines.filter(({ event, data }) => event === "user.big" && Array.isArray(data));
    const dropped = lines.filter(({ event }) => event === "lagged")
      .reduce((sum, { data }) => sum + data.dropped, 0);
    const missing = BIG.events - big.length;
    return [
      { what: "the follower's session outlives it", holds: text.includes('"user.end"') },
      { what: `the host is not held up (${Math.round(took)} ms)`, holds: took < 60_000 },
      { what: `${missing} are missing, ${dropped} announced`, holds: dropped >= missing && missing >= 0 },
    ];
  },
  /** A full queue refuses more. Of a full stream of events the oldest go, and a reader hears of that. */
  async full(world) {
    const sender = hostAt(world, 0);
    const manager = await jetstreamManager(world.connection.nats, { checkAPI: false });
    const [tasks, events] = await Promise.all([
      manager.streams.info(directStream(FLEET)),
      manager.streams.info(eventsStream(FLEET)),
    ]);
    await manager.streams.update(directStream(FLEET), { max_msgs: tasks.state.messages + 2 });
    let refused = { code: 0, stderr: "" };
    const ids: string[] = [];
    for (let more = 0; more < 100 && refused.code === 0; more++) {
      const { code, stdout, stderr } = await sender.try(
        "task",
        "start",
        "t",
        "--on",
        `nobody:${world.project}`,
      );
      refused = { code: code ?? 1, stderr };
      if (stdout !== "") ids.push(stdout.trim());
    }
    await manager.streams.update(directStream(FLEET), { max_msgs: tasks.config.max_msgs });
    for (const id of ids) await sender.run("task", "cancel", id);
    await manager.streams.purge(directStream(FLEET), {
      filter: taskSubject(FLEET, { pool: hostPool("nobody"), sender: "*", id: "*" }),
    });
    await manager.streams.update(eventsStream(FLEET), { max_msgs: 100 });
    const { stdout } = await sender.try(
      ...["ipc-send", "--subscribe", "user.n", "--host", "*", "--since", "1", "--for", "2s", "--count", "1"],
    );
    await manager.streams.update(eventsStream(FLEET), { max_msgs: events.config.max_msgs });
    const [first] = stdout.split("\n");
    return [
      {
        what: `a full queue refuses: ${refused.stderr}`,
        holds: /queue of tasks is full/.test(refused.stderr),
      },
      { what: `its exit code is ${refused.code}`, holds: refused.code === 4 },
      { what: `a gap of the stream is announced: ${first}`, holds: /"lagged"/.test(first ?? "") },
    ];
  },
  /** A host has a key that no server knows. */
  async creds(world, round) {
    const host = victim(world, round);
    const right = readFileSync(host.creds, "utf8");
    await host.stop();
    writeFileSync(host.creds, createUserKey().seed);
    await host.run("daemon", "start");
    const why = await host.until("failed");
    const local = await host.try("ipc-send", "daemon.ping");
    await host.stop();
    writeFileSync(host.creds, right);
    await host.start();
    return [
      { what: `it says why: ${why}`, holds: /does not know this host's key/.test(why) },
      { what: "local work goes on", holds: local.code === 0 },
    ];
  },
  /** Another machine has the name and the key of a host. */
  async names(world) {
    await using twin = await world.twin();
    const why = await twin.until("refused");
    const first = await hostAt(world, 1).until("connected");
    return [
      { what: `the second is refused: ${why}`, holds: /Another machine is "h2"/.test(why) },
      { what: "the first stays", holds: first === "" },
    ];
  },
  /** A host is an earlier haft. */
  async skew(world, round) {
    const host = victim(world, round);
    await host.stop();
    host.version = world.older;
    await host.start();
    await delay(ACK_WAIT_MS);
    const own = await hostAt(world, 0).try("--host", host.name, "task", "list");
    await host.stop();
    host.version = undefined;
    await host.start();
    return [{ what: `it answers: ${own.stderr}`, holds: own.code === 0 }];
  },
};

const BIG = { events: 4_000, bytes: 5_000 };
export const NEEDS_NAMESPACES: ReadonlySet<string> = new Set(["cut", "split"]);
