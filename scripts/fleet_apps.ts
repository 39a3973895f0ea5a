/**
 * Apps over hosts under faults: three NATS servers with JetStream (three replicas) and five haft hosts, as in
 * fleet_faults.ts. An app has three copies; in each round one fault happens and is put right again. Prints
 * counts for each fault: copies that ran twice at once, copies that were not up again in time, and moves.
 *
 *     deno run -A scripts/fleet_apps.ts HAFT NATS_SERVER [--rounds 20] [--faults host,controller,cut,split]
 *         [--hosts 5] [--limit-ms 10000] [--loopback]
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { parseArgs } from "@std/cli/parse-args";
import type { SeenCopy } from "../src/fleet/apps/app_client.ts";
import { CONTROLLER } from "../src/fleet/apps/app_message.ts";
import { appPlace, appsStream, appSubject } from "../src/fleet/subjects.ts";
import { type AppsWorld, COPIES, openAppsWorld, untilUp } from "./fleet/apps_world.ts";
import { FLEET } from "./fleet/cluster.ts";
import type { Host } from "./fleet/host.ts";
import { openNetwork } from "./fleet/network.ts";

const options = parseArgs(process.argv.slice(2), {
  string: ["rounds", "faults", "hosts", "limit-ms"],
  boolean: ["loopback"],
});
const [haft = "dist/haft", server = "nats-server"] = options._.map(String);
const ROUNDS = Number(options["rounds"] ?? 20);
const HOSTS = Number(options["hosts"] ?? 5);
const LIMIT_MS = Number(options["limit-ms"] ?? 10_000);
function hostOf({ hosts }: AppsWorld, name: string | null | undefined): Host {
  const host = hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`There is no host ${name}`);
  return host;
}

/** A host that has a copy; the first is the operator's, and stays. */
function holder(world: AppsWorld, copies: readonly SeenCopy[], round: number): Host {
  const others = copies.map(({ host }) => host).filter((host) => host !== "h1");
  return hostOf(world, others[round % others.length]);
}

async function controller(world: AppsWorld): Promise<Host> {
  const manager = await jetstreamManager(world.connection.nats, { checkAPI: false });
  const lead = await answerOf(() =>
    manager.streams.getMessage(appsStream(FLEET), {
      last_by_subj: appSubject(FLEET, { who: "*", kind: "lead", id: CONTROLLER }),
    })
  );
  return hostOf(world, lead === null ? undefined : appPlace(lead.subject).who);
}

async function streamLeader({ connection, cluster }: AppsWorld): Promise<string> {
  const manager = await jetstreamManager(connection.nats, { checkAPI: false });
  const info = await answerOf(() => manager.streams.info(appsStream(FLEET)));
  return info.cluster?.leader ?? cluster.names[0] ?? "";
}

/** Asks again while the stream has no leader after the round before. */
async function answerOf<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0;; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= 20) throw error;
      await delay(1_000);
    }
  }
}

/** Each does its worst, and returns what puts things right again. */
type Fault = (world: AppsWorld, copies: readonly SeenCopy[], round: number) => Promise<() => Promise<void>>;

const FAULTS: Readonly<Record<string, Fault>> = {
  /** A host that has a copy dies with all that runs on it. */
  async host(world, copies, round) {
    const host = holder(world, copies, round);
    await host.die();
    return () => host.start();
  },
  /** The host dies that says where copies run. */
  async controller(world) {
    const host = await controller(world);
    await host.die();
    return () => host.start();
  },
  /** A host that has a copy is cut off the network. */
  async cut(world, copies, round) {
    const host = holder(world, copies, round);
    await host.place.cut?.(true);
    return async () => await host.place.cut?.(false);
  },
  /** The network is cut in two: the stream's leader and the controller's host are off. */
  async split(world) {
    const places = [(await controller(world)).place, world.cluster.place(await streamLeader(world))];
    for (const { cut } of places) await cut?.(true);
    return async () => {
      for (const { cut } of places) await cut?.(false);
    };
  },
};
const NEEDS_NAMESPACES = new Set(["cut", "split"]);

function takeTwice({ marks }: AppsWorld): number {
  if (!existsSync(`${marks}.twice`)) return 0;
  const count = readFileSync(`${marks}.twice`, "utf8").trim().split("\n").length;
  rmSync(`${marks}.twice`);
  return count;
}

async function round(world: AppsWorld, fault: Fault, number: number) {
  const before = await untilUp(world);
  const mend = await fault(world, before, number);
  // For longer than the limit, and for as long as the copies take.
  await delay(LIMIT_MS * 1.5);
  const during = await untilUp(world);
  await mend();
  await delay(LIMIT_MS / 2);
  const after = await untilUp(world);
  return {
    twice: takeTwice(world),
    lost: after.filter(({ state }) => state !== "running").length + Math.max(0, COPIES - after.length),
    moved: during.filter(({ copy, host }) => before.find((one) => one.copy === copy)?.host !== host).length,
  };
}

await using network = await openNetwork(options["loopback"] === true ? "loopback" : "namespaces");
const faults = (options["faults"] === undefined ? Object.keys(FAULTS) : String(options["faults"]).split(","))
  .filter((fault) => network.kind === "namespaces" || !NEEDS_NAMESPACES.has(fault));
await using world = await openAppsWorld({ haft, server, hosts: HOSTS, limitMs: LIMIT_MS, network });
console.log(
  `3 servers, ${HOSTS} hosts (${network.kind}), ${availableParallelism()} cores; ` +
    `${COPIES} copies, lost after ${LIMIT_MS} ms`,
);
let bad = 0;
for (const name of faults) {
  const fault = FAULTS[name];
  if (fault === undefined) throw new Error(`There is no fault "${name}"`);
  const sum = { twice: 0, lost: 0, moved: 0 };
  for (let number = 0; number < ROUNDS; number++) {
    const counts = await round(world, fault, number);
    for (const key of ["twice", "lost", "moved"] as const) sum[key] += counts[key];
  }
  bad += sum.twice + sum.lost;
  const { twice, lost, moved } = sum;
  console.log(JSON.stringify({ fault: name, rounds: ROUNDS, apps_twice: twice, lost, moved }));
}
process.exitCode = bad === 0 ? 0 : 1;
