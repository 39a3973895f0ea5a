/**
 * A fleet under faults: three NATS servers with JetStream (three replicas) and five haft hosts, each in a
 * network namespace of its own, or on loopback where those are refused. In each round twenty tasks go into
 * the queue and every host publishes two hundred events, while one fault happens. Prints counts for each
 * fault: tasks lost, ends doubled, runs at the same time, events doubled and gaps that nothing announced.
 *
 *     deno run -A scripts/fleet_faults.ts HAFT NATS_SERVER [--rounds 20] [--faults leader,host,…] [--hosts 5]
 *         [--older HAFT] [--loopback]
 *
 * `--older` is a haft of an earlier version, for `skew`; `clock` needs Debian's libfaketime.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { parseArgs } from "@std/cli/parse-args";
import { jobsStream, jobSubject } from "../src/fleet/subjects.ts";
import { Cluster, FLEET } from "./fleet/cluster.ts";
import { EventCheck } from "./fleet/event_check.ts";
import { ACK_WAIT_MS, fakeTime, FAULTS, NEEDS_NAMESPACES, type World } from "./fleet/faults.ts";
import { Host } from "./fleet/host.ts";
import { openNetwork } from "./fleet/network.ts";

const options = parseArgs(process.argv.slice(2), {
  string: ["rounds", "faults", "hosts", "tasks", "events", "older"],
  boolean: ["loopback"],
});
const [haft = "dist/haft", server = "nats-server"] = options._.map(String);
const ROUNDS = Number(options["rounds"] ?? 20);
const HOSTS = Number(options["hosts"] ?? 5);
const TASKS = Number(options["tasks"] ?? 20);
const EVENTS = Number(options["events"] ?? 200);
/** A task without an end after that is lost. */
const LOST_MS = 180_000;

const COUNTERS = [
  "tasks",
  "lost",
  "ends_doubled",
  "attempts",
  "at_once",
  "events",
  "events_doubled",
  "gaps",
  "gaps_unannounced",
  "checks",
  "checks_failed",
] as const;
type Counts = Record<typeof COUNTERS[number], number>;

const directory = mkdtempSync(join(tmpdir(), "haft-fleet-"));
const project = join(directory, "project");
const marks = join(directory, "marks");

/** Each run is marked while it goes on, so that two at once can be seen. */
function writeProject(): void {
  mkdirSync(project, { recursive: true });
  mkdirSync(marks, { recursive: true });
  const run = [
    `f=${marks}/$HAFT_FLEET_TASK`,
    // What a run left that was killed is no run.
    `if ! mkdir $f 2>/dev/null && kill -0 $(cat $f/pid) 2>/dev/null; then echo $f >> ${marks}.twice; fi`,
    "echo $$ > $f/pid",
    "sleep $((1 + RANDOM % 4))",
    "rm -r $f",
  ].join("; ");
  writeFileSync(join(project, "haft.toml"), `[tasks.t]\nshell = "bash -c"\nrun = ${JSON.stringify(run)}\n`);
}

async function endsOf({ connection }: World, id: string): Promise<number> {
  const manager = await jetstreamManager(connection.nats, { checkAPI: false });
  const { state } = await manager.streams.info(jobsStream(FLEET), {
    subjects_filter: jobSubject({ fleet: FLEET, host: "*" }, id, "final"),
  });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

/** What `task wait` prints; asked again while no server takes its connection. */
async function endsHeard(sender: Host, ids: readonly string[]): Promise<string> {
  for (;;) {
    const { stdout } = await sender.try("task", "wait", ...ids, "--json");
    if (stdout !== "") return stdout;
    await delay(1_000, undefined, { ref: false });
  }
}

function twice(): number {
  try {
    return readFileSync(`${marks}.twice`, "utf8").trim().split("\n").length;
  } catch {
    return 0;
  }
}

async function round(world: World, fault: string, number: number, check: EventCheck): Promise<Counts> {
  const [sender] = world.hosts;
  if (sender === undefined) throw new Error("There are no hosts");
  const before = { ...check.counts };
  const names = Array.from({ length: TASKS }, () => "t");
  const ids = (await sender.run("task", "start", ...names, "--on", `role=build:${project}`)).trim().split(
    "\n",
  );
  const publishing = Promise.all(world.hosts.map(async (host) => {
    for (let sent = 0; sent < EVENTS; sent += 10) {
      await host.publish(10);
      await delay(20);
    }
  }));
  await delay(Math.random() * 1_000);
  const checks = await FAULTS[fault]?.(world, number) ?? [];
  for (const { what } of checks.filter(({ holds }) => !holds)) console.log(`${fault}: ${what}`);
  await publishing;
  const waited = await Promise.race([endsHeard(sender, ids), delay(LOST_MS, "", { ref: false })]);
  const over = new Map<string, { attempt: number }>(
    waited === "" ? [] : JSON.parse(waited).map((task: { id: string; attempt: number }) => [task.id, task]),
  );
  // A last event of each host shows how far it came.
  await Promise.all(world.hosts.map((host) => host.publish(1)));
  const until = performance.now() + 60_000;
  while (world.hosts.some((host) => check.last(host.name) < host.published) && performance.now() < until) {
    await delay(100);
  }
  const missing = world.hosts.reduce(
    (sum, host) => sum + Math.max(0, host.published - check.last(host.name)),
    0,
  );
  const ends = await Promise.all(ids.map((id) => endsOf(world, id)));
  const stale = readdirSync(marks);
  for (const name of stale) rmSync(join(marks, name), { recursive: true });
  const doubled = twice();
  rmSync(`${marks}.twice`, { force: true });
  return {
    tasks: ids.length,
    lost: ends.filter((count) => count === 0).length,
    ends_doubled: ends.filter((count) => count > 1).length,
    attempts: [...over.values()].reduce((sum, { attempt }) => sum + attempt, 0),
    at_once: doubled,
    events: check.counts.seen - before.seen,
    events_doubled: check.counts.doubled - before.doubled,
    gaps: check.counts.announced - before.announced,
    gaps_unannounced: check.counts.unannounced - before.unannounced + missing,
    checks: checks.length,
    checks_failed: checks.filter(({ holds }) => !holds).length,
  };
}

await using network = await openNetwork(options["loopback"] === true ? "loopback" : "namespaces");
const faults = (options["faults"] === undefined ? Object.keys(FAULTS) : String(options["faults"]).split(","))
  .filter((fault) => network.kind === "namespaces" || !NEEDS_NAMESPACES.has(fault))
  .filter((fault) => fault !== "skew" || options["older"] !== undefined)
  .filter((fault) => fault !== "clock" || fakeTime !== undefined);
writeProject();
const hostNames = Array.from({ length: HOSTS }, (_, number) => `h${number + 1}`);
await using cluster = await Cluster.start({
  executable: resolve(server),
  directory: join(directory, "servers"),
  network,
  hosts: hostNames,
  ackWaitMs: ACK_WAIT_MS,
});
await using stack = new AsyncDisposableStack();
const sender = cluster.keys.get("h1")?.publicKey ?? "";
const common = {
  haft: resolve(haft),
  directory,
  place: await network.place("more"),
  cluster,
  project,
};
const hosts = await Promise.all(hostNames.map(async (name) => {
  return stack.use(await Host.join({ name, ...common, place: await network.place(name) }, sender));
}));
const connection = stack.use(await cluster.connect());
const world: World = {
  cluster,
  hosts,
  connection,
  project,
  older: options["older"] === undefined ? undefined : resolve(String(options["older"])),
  twin: () => Host.join({ name: "h2", home: "twin", ...common }, sender, { connected: false }),
};
console.log(
  `3 servers, ${hosts.length} hosts (${network.kind}), ${availableParallelism()} cores; ` +
    `${TASKS} tasks and ${EVENTS} events a host in each round`,
);
const check = new EventCheck(connection);
let bad = 0;
for (const fault of faults) {
  const sum = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Counts;
  for (let number = 0; number < ROUNDS; number++) {
    const counts = await round(world, fault, number, check);
    for (const name of COUNTERS) sum[name] += counts[name];
  }
  bad += sum.lost + sum.ends_doubled + sum.at_once + sum.events_doubled + sum.gaps_unannounced +
    sum.checks_failed;
  console.log(JSON.stringify({ fault, rounds: ROUNDS, ...sum }));
}
await check.stop();
process.exitCode = bad === 0 ? 0 : 1;
