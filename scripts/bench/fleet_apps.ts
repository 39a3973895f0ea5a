/**
 * How long the fleet takes to move an app: `deno run -A scripts/bench/fleet_apps.ts HAFT NATS_SERVER
 * [LIMIT_MS]`, with a built haft. Three servers and five hosts on loopback; a host that has a copy dies by
 * kill -9 with all that runs on it. Prints the milliseconds until another host runs the copy.
 */
import process from "node:process";
import { copiesOf, openAppsWorld, untilUp } from "../fleet/apps_world.ts";
import { openNetwork } from "../fleet/network.ts";

const [haft = "dist/haft", server = "nats-server", limit = "30000"] = process.argv.slice(2);
const ROUNDS = 5;
const limitMs = Number(limit);

await using network = await openNetwork("loopback");
await using world = await openAppsWorld({ haft, server, hosts: 5, limitMs, network });
const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const victim = copiesOf(world).find(({ host }) => host !== null && host !== "h1");
  const host = world.hosts.find(({ name }) => name === victim?.host);
  if (host === undefined) throw new Error("No host has a copy");
  await host.die();
  const begun = performance.now();
  const copies = await untilUp(world, (now) => now.every((copy) => copy.host !== host.name));
  if (copies.some((copy) => copy.host === host.name)) throw new Error("It was not moved");
  times.push(Math.round(performance.now() - begun));
  await host.start();
}
const sorted = times.toSorted((a, b) => a - b);
console.log(JSON.stringify({ limit_ms: limitMs, move_ms: sorted[Math.floor(ROUNDS / 2)], all_ms: sorted }));
