/**
 * What a fleet costs those who have none, and a daemon at rest that has one:
 * `deno run -A scripts/bench/fleet_rest.ts HAFT NATS_SERVER [SECONDS]`. Processor time and memory, not times.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "../support/command.ts";
import { BenchFleet, Machine } from "./fleet_machines.ts";
import { processorTime, residentMemory } from "./process_state.ts";

const [haft = "dist/haft", server = "nats-server", seconds = "60"] = process.argv.slice(2);
const REST_S = Number(seconds);
const RUNS = 20;

/** Milliseconds of processor time of one run, the middle of some, by the shell's own count. */
async function cpuOf(machine: Machine, args: string[]): Promise<number> {
  const line = `TIMEFORMAT='%U %S'; time ${[haft, ...args].join(" ")} >/dev/null 2>&1`;
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { stderr } = await runCommand(["bash", "-c", line], {
      env: machine.env,
      cwd: machine.root,
      output: "capture",
    });
    times.push(stderr.trim().split(" ").reduce((sum, time) => sum + Number(time) * 1000, 0));
  }
  return Math.round(times.toSorted((a, b) => a - b)[RUNS >> 1] ?? 0);
}

await using fleet = await BenchFleet.start({ haft, server });
const member = await fleet.join("member");
const alone = new Machine(haft);
await alone.run("daemon", "start");
const machines = { without: alone, with: member };
const figures: Record<string, unknown> = {};
for (const [name, machine] of Object.entries(machines)) {
  writeFileSync(join(machine.root, "haft.toml"), "[tools]\n");
  const pid = await machine.daemonPid();
  await delay(5_000);
  const before = processorTime(pid);
  await delay(REST_S * 1000);
  const used = processorTime(pid) - before;
  const resident = residentMemory(pid);
  figures[name] = {
    version_cpu_ms: await cpuOf(machine, ["--version"]),
    sync_cpu_ms: await cpuOf(machine, ["sync"]),
    daemon_rss_mb: Math.round(resident / 1e5) / 10,
    daemon_cpu_ms_a_minute: Math.round(used * 1000 * 60 / REST_S),
  };
}
console.log(JSON.stringify(figures, null, 2));
await alone.run("daemon", "stop");
