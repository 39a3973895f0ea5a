/** Apps over hosts: placed, moved when a host is lost, never twice at once, updated host by host. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { jetstream } from "@nats-io/jetstream";
import { delay } from "@std/async/delay";
import { AppClient } from "../../src/fleet/apps/app_client.ts";
import { tableHash } from "../../src/fleet/apps/app_message.ts";
import { appSubject } from "../../src/fleet/subjects.ts";
import { until } from "../support/until.ts";
import { allow } from "./fleet_world.ts";
import { AppsWorld, type Copy, killMachine } from "./apps_world.ts";
import { noServer } from "./nats_server.ts";

const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };
function isThere(pid: number | null): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}

const isUp = ({ state }: Copy) => state === "running";

Deno.test(
  "app start: one copy on each of so many hosts; a host that dies loses it to another; stop ends all",
  options,
  async () => {
    await using world = await AppsWorld.create(["beta", "gamma", "delta"], { keys: "replicas = 2" });
    const { operator } = world;
    assertStringIncludes(await operator.good("app", "start", "web"), "running on ");
    const before = await world.copies();
    assertEquals(before.map(({ copy, state }) => [copy, state]), [[0, "running"], [1, "running"]]);
    const used = before.map(({ host }) => host);
    assertEquals(new Set(used).size, 2);
    const [first] = before;
    assert(first !== undefined);
    await killMachine(world.host(first.host), first);
    const after = await world.until((copies) => copies.every(isUp) && copies[0]?.host !== first.host);
    assertEquals(after[1], before[1]);
    assertEquals(after[0]?.host, world.hosts.find(({ name }) => !used.includes(name))?.name);

    // The host that was lost comes back, and does not start it again.
    const back = world.host(first.host);
    await back.good("daemon", "start");
    await back.until("connected");
    await delay(1_500);
    assertEquals(await world.pids(back), []);
    assertEquals(await world.copies(), after);

    assertEquals(await operator.good("app", "stop", "web"), "web: stopped\n");
    assertEquals(await world.copies(), []);
    assertEquals(world.wasTwice, false);
  },
);

Deno.test(
  "app restart: host by host, each when the one before is healthy; a copy that fails stops the update, with the reason",
  options,
  async () => {
    // Healthy while the file says so.
    const keys = (health: string) =>
      `replicas = 2\nhealth = { exec = ["test", "-e", "${health}"], interval = "200ms", retries = 2 }`;
    await using world = await AppsWorld.create(["beta", "gamma"], { keys: keys("haft.toml") });
    const { operator } = world;
    await operator.good("app", "start", "web");
    const before = await world.copies();
    assertEquals(before.map(({ state }) => state), ["healthy", "healthy"]);
    // What runs already is left alone.
    await operator.good("app", "start", "web");
    assertEquals(await world.copies(), before);
    await operator.good("app", "restart", "web");
    const restarted = await world.copies();
    assertEquals(restarted.map(({ host }) => host), before.map(({ host }) => host));
    assert(restarted.every(({ pid }, at) => pid !== null && pid !== before[at]?.pid));

    // Only the operator has the new table: the hosts go on with what they have, and say why.
    const [first] = world.hosts;
    assert(first !== undefined);
    await world.write(keys("missing"), []);
    const waiting = operator.run("app", "start", "web");
    await world.until((copies) =>
      copies.some(({ reason }) => reason?.includes("has another [apps.web]") === true)
    );
    assertEquals(
      new Set((await world.copies()).map(({ pid }) => pid)),
      new Set(restarted.map(({ pid }) => pid)),
    );
    // Now all have it, and its check fails: the first copy stops the update.
    await world.write(keys("missing"));
    const { code, stderr } = await waiting;
    assertEquals(code, 1);
    assertStringIncludes(stderr, "is unhealthy");
    assertStringIncludes(stderr, "app logs web");
    const after = await world.copies();
    assertEquals(after.filter(({ pid }) => restarted.some((one) => one.pid === pid)).length, 1);
    assert(after.some(({ reason }) => reason?.startsWith("waits for copy ") === true));
    assertEquals(world.wasTwice, false);
  },
);

Deno.test(
  "a server that is gone: copies keep their processes for less than half of the limit, and end before another could begin",
  options,
  async () => {
    await using world = await AppsWorld.create(["beta"], { limit: "8s" });
    const { operator, hosts: [beta], fleet } = world;
    assert(beta !== undefined);
    await operator.good("app", "start", "web");
    const before = await world.pids(beta);
    const server = await fleet.serverPid();
    process.kill(server, "SIGSTOP");
    await delay(1_000);
    process.kill(server, "SIGCONT");
    await world.until((copies) => copies.every(isUp));
    assertEquals(await world.pids(beta), before);

    process.kill(server, "SIGSTOP");
    await until(() => world.pids(beta), "beta runs none", { passes: ({ length }) => length === 0 });
    process.kill(server, "SIGCONT");
    await world.until((copies) => copies.length === 1 && copies.every(isUp));

    // A daemon that makes way for the next keeps them, and one that is killed finds its own again.
    // The records of before may still say that it is up.
    const kept = await until(() => world.pids(beta), "beta runs one", {
      passes: ({ length }) => length === 1,
    });
    const daemon = JSON.parse(await beta.good("ipc-send", "daemon.status")).pid;
    process.kill(daemon, "SIGKILL");
    await beta.good("daemon", "start");
    await beta.until("connected");
    await world.until((copies) => copies.every(isUp));
    assertEquals(await world.pids(beta), kept);
    // Not where the time of its lease was counted from another start of the system: it begins anew.
    process.kill(JSON.parse(await beta.good("ipc-send", "daemon.status")).pid, "SIGKILL");
    const file = join(beta.sandbox.haftHome, "state", "fleet-copies.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"boot":"[^"]+"/, '"boot":"before"'));
    await beta.good("daemon", "start");
    await world.until(([copy]) => copy !== undefined && isUp(copy) && !kept.includes(copy.pid ?? 0));
    // What the fleet has placed does not start without it.
    await operator.good("app", "stop", "web");
    const refused = await beta.run(
      "ipc-send",
      "app.start",
      JSON.stringify({ root: world.project(beta), names: ["web"] }),
    );
    assertStringIncludes(refused.stdout, "runs on hosts of the fleet");
    assertEquals(world.wasTwice, false);
  },
);

Deno.test(
  "a daemon that stands still, or is killed alone: its copy ends before another host has it, and stays so",
  options,
  async () => {
    await using world = await AppsWorld.create(["beta", "gamma", "delta", "eta"], { keys: "replicas = 2" });
    const { operator } = world;
    await operator.good("app", "start", "web");
    const before = await world.copies();
    const used = before.map(({ host }) => world.host(host));
    const daemons = await Promise.all(
      used.map(async (host) => JSON.parse(await host.good("ipc-send", "daemon.status")).pid),
    );
    const [still, killed] = daemons;
    process.kill(still, "SIGSTOP");
    process.kill(killed, "SIGKILL");
    const names = used.map(({ name }) => name);
    const after = await world.until((copies) =>
      copies.every((copy) => isUp(copy) && !names.includes(copy.host ?? ""))
    );
    const left = before.filter(({ pid }) => isThere(pid));
    process.kill(still, "SIGCONT");
    assertEquals(left, []);
    await used[1]?.good("daemon", "start");
    for (const host of used) {
      await host.until("connected");
      assertEquals(await world.pids(host), []);
    }
    assertEquals(await world.copies(), after);
    await operator.good("app", "stop", "web");
    assertEquals(world.wasTwice, false);
  },
);

Deno.test(
  "a host runs what its user grants and trusts: else another does, and status says why; a forged spec counts for nothing",
  options,
  async () => {
    await using world = await AppsWorld.create(["beta", "gamma"]);
    const { operator, hosts: [beta, gamma] } = world;
    assert(beta !== undefined && gamma !== undefined);
    await allow(beta, operator, 'methods = ["task.*"]\nprojects = ["*"]');
    await operator.good("app", "start", "web");
    assertEquals((await world.copies()).map(({ host }) => host), ["gamma"]);
    // gamma takes it back: nobody is left.
    await allow(gamma, operator, 'methods = ["task.*"]\nprojects = ["*"]');
    const [waiting] = await world.until(([copy]) => copy?.host === null);
    assertStringIncludes(waiting?.reason ?? "", 'does not let this key call "app.start"');
    await until(() => world.pids(gamma), "gamma runs none", { passes: ({ length }) => length === 0 });

    // The server refuses what is said in another's name; what beta signs itself, gamma does not run.
    await using connection = await beta.nats();
    const { name } = beta.settings;
    const key = (await operator.status())["key"];
    const forged = appSubject(name, { who: String(key), kind: "spec", id: "0".repeat(32) });
    let isRefused = false;
    await jetstream(connection.nats).publish(forged, "{}", { timeout: 1_000 }).catch(() => isRefused = true);
    assert(isRefused);
    await using own = await AppClient.open(connection, name);
    const spec = {
      name: "web",
      root: "~/web",
      table: tableHash({}),
      hosts: { names: ["gamma"], labels: {} },
      replicas: 1,
      on_lost: "stop" as const,
      stopped: false,
      revision: 1,
      run: 1,
    };
    const id = await own.want(spec);
    const signed = { id, sender: connection.credentials.key.publicKey, spec };
    await until(() => own.copies(signed)?.[0]?.reason, "the copy is refused", {
      passes: (reason) => reason?.includes("allows nothing to the key"),
    });
    assertEquals(await world.pids(gamma), []);
  },
);
