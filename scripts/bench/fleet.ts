/**
 * What a request to another host costs: `deno run -A scripts/bench/fleet.ts HAFT NATS_SERVER`, with a built
 * haft. Two machines of one fleet on loopback, TLS included. Prints medians in microseconds, and counts.
 */
import { join } from "node:path";
import process from "node:process";
import { connectFleet } from "../../src/fleet/connect.ts";
import { connectHost } from "../../src/fleet/connect_host.ts";
import { DaemonClient } from "../../src/client/mod.ts";
import { readUserConfig } from "../../src/tools/project/user_config.ts";
import { BenchFleet } from "./fleet_machines.ts";

const [haft = "dist/haft", server = "nats-server"] = process.argv.slice(2);
const ROUNDS = 2_000;
const IN_FLIGHT = 64;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** @returns microseconds of a request in the middle, and requests a second with many in flight */
async function measure(request: () => Promise<unknown>): Promise<{ median: number; perSecond: number }> {
  for (let round = 0; round < 200; round++) await request();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    await request();
    times.push((performance.now() - begun) * 1000);
  }
  const begun = performance.now();
  let left = ROUNDS * 2;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) await request();
  }));
  return {
    median: Math.round(median(times)),
    perSecond: Math.round(ROUNDS * 2 / ((performance.now() - begun) / 1000)),
  };
}

await using fleet = await BenchFleet.start({ haft, server });
{
  const { first } = fleet;
  const second = await fleet.join("second");
  const { fleet: settings } = readUserConfig(first.config);
  if (settings === undefined) throw new Error("The first machine is in no fleet");
  await using connection = await connectFleet(settings, { name: "bench", stay: false });
  const { nats } = connection;
  // A bare request on the same connection: the server answers what JetStream knows of the bucket.
  const bare = await measure(() =>
    nats.request("$JS.API.STREAM.INFO.KV_haft-fleet-hosts", "", { timeout: 5_000 })
  );
  await using remote = await connectHost(connection, {
    address: { fleet: settings.name, host: "second" },
    client: "bench",
    version: "0.0.0",
    timeoutMs: 5_000,
  });
  const over = await measure(() => remote.request("daemon.ping", {}));
  await using local = await DaemonClient.connect({
    client: "bench",
    version: "0.0.0",
    socket: join(second.root, "run", "haft", "daemon.sock"),
  });
  const here = await measure(() => local.request("daemon.ping", {}));
  console.log(JSON.stringify({ local: here, bare_nats: bare, remote: over }, null, 2));

  // Events: published on one machine, received on the other.
  const EVENTS = 20_000;
  let seen = 0;
  let lagged = 0;
  const all = Promise.withResolvers<void>();
  remote.onEvent(({ event, data }) => {
    if (event === "lagged") lagged += (data as { dropped: number }).dropped;
    else if (event.startsWith("user.")) seen++;
    if (seen + lagged >= EVENTS) all.resolve();
  });
  await remote.request("events.subscribe", { types: ["user.*"] });
  const begun = performance.now();
  for (let sent = 0; sent < EVENTS; sent += 100) {
    await Promise.all(
      Array.from(
        { length: 100 },
        () => local.request("events.publish", { type: "user.bench", data: "x".repeat(100) }),
      ),
    );
  }
  await all.promise;
  const seconds = (performance.now() - begun) / 1000;
  console.log(JSON.stringify({ events: EVENTS, seen, lagged, per_second: Math.round(EVENTS / seconds) }));
}
