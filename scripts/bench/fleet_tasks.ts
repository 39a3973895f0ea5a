/**
 * How many small tasks a fleet gets done: tasks of one command, `true`, go through the queue to 1 to 5 hosts,
 * which here share one machine's cores.
 *
 *     deno run -A scripts/bench/fleet_tasks.ts HAFT NATS_SERVER [TASKS]
 */
import { availableParallelism } from "node:os";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connectFleet } from "../../src/fleet/connect.ts";
import { jobsStream, jobSubject } from "../../src/fleet/subjects.ts";
import { TaskClient } from "../../src/fleet/tasks/task_client.ts";
import { readUserConfig } from "../../src/tools/project/user_config.ts";
import { BenchFleet } from "./fleet_machines.ts";

const [haft = "dist/haft", server = "nats-server", count = "1000"] = process.argv.slice(2);
const TASKS = Number(count);
const IN_FLIGHT = 32;

await using fleet = await BenchFleet.start({ haft, server });
const root = join(fleet.first.root, "project");
mkdirSync(root);
writeFileSync(join(root, "haft.toml"), '[tasks.t]\nrun = "true"\n');
const { fleet: settings } = readUserConfig(fleet.first.config);
if (settings === undefined) throw new Error("The first machine is in no fleet");
await using connection = await connectFleet(settings, { name: "bench", stay: false });
const manager = await jetstreamManager(connection.nats, { checkAPI: false });
const tasks = await TaskClient.open(connection, settings.name);

/** How many tasks have ended since the fleet began. */
async function ended(): Promise<number> {
  const { state } = await manager.streams.info(jobsStream(settings?.name ?? ""), {
    subjects_filter: jobSubject({ fleet: settings?.name ?? "", host: "*" }, "*", "final"),
  });
  return Object.keys(state.subjects ?? {}).length;
}

console.log(`${TASKS} tasks a row, ${availableParallelism()} cores for all hosts and the server`);
for (let hosts = 1; hosts <= 5; hosts++) {
  const machine = await fleet.join(`h${hosts}`, "--label", "role=build");
  await machine.run("trust", root);
  const before = await ended();
  const begun = performance.now();
  let left = TASKS;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) {
      await tasks.send({ pool: "label-role=build", host: "first", request: { cwd: root, name: "t" } });
    }
  }));
  const sent = performance.now() - begun;
  while (await ended() < before + TASKS) await delay(50);
  const took = performance.now() - begun;
  console.log(JSON.stringify({
    hosts,
    queued_per_second: Math.round(TASKS / (sent / 1000)),
    done_per_second: Math.round(TASKS / (took / 1000)),
  }));
}
