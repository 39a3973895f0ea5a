/** A cluster of three servers, haft hosts, and an app with copies on some of them. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppClient, type SeenCopy } from "../../src/fleet/apps/app_client.ts";
import type { FleetConnection } from "../../src/fleet/connect.ts";
import { Cluster, FLEET } from "./cluster.ts";
import { Host } from "./host.ts";
import type { Network } from "./network.ts";

export const COPIES = 3;
/** A copy that is not up again after that is lost. */
const LOST_MS = 120_000;

export interface AppsWorld extends AsyncDisposable {
  cluster: Cluster;
  /** The first is the operator's, too. */
  hosts: Host[];
  connection: FleetConnection;
  apps: AppClient;
  /** Where runs are marked; `.twice` after it has those that were two at once. */
  marks: string;
}

export interface AppsWorldOptions {
  haft: string;
  server: string;
  hosts: number;
  limitMs: number;
  network: Network;
}

/** Starts all of it, and waits until the copies are up. */
export async function openAppsWorld(
  { haft, server, hosts: count, limitMs, network }: AppsWorldOptions,
): Promise<AppsWorld> {
  const directory = mkdtempSync(join(tmpdir(), "haft-fleet-apps-"));
  const marks = join(directory, "marks");
  mkdirSync(marks);
  const names = Array.from({ length: count }, (_, number) => `h${number + 1}`);
  const stack = new AsyncDisposableStack();
  const cluster = stack.use(
    await Cluster.start({
      executable: resolve(server),
      directory: join(directory, "servers"),
      network,
      hosts: names,
      ackWaitMs: 4_000,
      lostMs: limitMs,
    }),
  );
  const sender = cluster.keys.get("h1")?.publicKey ?? "";
  const hosts: Host[] = [];
  for (const name of names) {
    const place = await network.place(name);
    const project = join(directory, name, "web");
    writeProject(project, marks);
    const options = { name, haft: resolve(haft), directory, place, cluster, project };
    hosts.push(stack.use(await Host.join(options, sender)));
  }
  await hosts[0]?.run("app", "start", "web");
  stack.defer(async () => void await hosts[0]?.try("app", "stop", "web"));
  const connection = stack.use(await cluster.connect());
  const apps = stack.use(await AppClient.open(connection, FLEET));
  return { cluster, hosts, connection, apps, marks, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Each run is marked while it goes on, so that two of one copy at once can be seen. */
function writeProject(project: string, marks: string): void {
  mkdirSync(project, { recursive: true });
  const command = [
    `f=${marks}/$HAFT_FLEET_COPY`,
    // What a run left that was killed is no run.
    `if ! mkdir $f 2>/dev/null && kill -0 $(cat $f/pid) 2>/dev/null; then echo $f >> ${marks}.twice; fi`,
    "echo $$ > $f/pid",
    "trap 'rm -r $f; exit' TERM",
    "while true; do sleep 0.2; done",
  ].join("; ");
  writeFileSync(
    join(project, "haft.toml"),
    `[apps.web]\ncommand = ${
      JSON.stringify(command)
    }\nhosts = "role=build:~/web"\nreplicas = ${COPIES}\nstop_timeout = "1s"\n`,
  );
}

export function copiesOf({ apps }: AppsWorld): SeenCopy[] {
  const [signed] = apps.specs({ root: "~/web", name: "web" }).others;
  return signed === undefined ? [] : apps.copies(signed) ?? [];
}

/** Waits for all copies, in vain when some are lost. */
export async function untilUp(
  world: AppsWorld,
  isMeant: (copies: SeenCopy[]) => boolean = () => true,
): Promise<SeenCopy[]> {
  const until = performance.now() + LOST_MS;
  for (;;) {
    const copies = copiesOf(world);
    const areUp = copies.length === COPIES && copies.every(({ state }) => state === "running");
    if ((areUp && isMeant(copies)) || performance.now() > until) return copies;
    await delay(20);
  }
}
