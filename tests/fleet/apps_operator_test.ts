/** Apps over hosts as their operator has them: refusals, mistakes in haft.toml, a table that is gone. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { AppsWorld } from "./apps_world.ts";
import { noServer } from "./nats_server.ts";

const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "an app over hosts is seen and stopped where it was started, whatever became of its table and its hosts",
  options,
  async () => {
    await using world = await AppsWorld.create(["b", "c"], { keys: 'replicas = "all"' });
    const { operator, fleet } = world;
    const status = async (...args: string[]) =>
      JSON.parse(await operator.good("app", "status", ...args, "--json"));

    // A host that refuses it has a row with its reason.
    const d = await fleet.join("d", "--label", "role=web");
    const started = await operator.run("app", "start", "web");
    assertEquals(started.code, 1, started.stdout);
    assertStringIncludes(started.stderr, '1 of 3 copies wait: d does not take it: host "d" allows nothing');
    const [{ copies, desired }] = await status("web");
    assertEquals(desired, "running");
    assertEquals(copies.map(({ host }: { host: string | null }) => host), ["b", "c", null]);
    await d.good("fleet", "leave");
    await world.until((all) => all.length === 2 && all.every(({ state }) => state === "running"));
    assertEquals((await status("web"))[0].state, "running");

    // Hosts are asked below their users' homes.
    const there = await operator.good("--host", "b,c:~/web", "app", "status");
    assertEquals(there.split("\n").filter((line) => line.includes("running")).length, 2, there);
    const stopped = await operator.run("--host", "b:~/web", "app", "stop", "web");
    assertEquals(stopped.code, 4, stopped.stdout);
    assertStringIncludes(stopped.stderr, '"haft app stop web" stops all copies');
    const logs = await operator.run("app", "logs", "web");
    assertStringIncludes(logs.stderr, "haft --host HOST:~/web app logs web");

    // A mistake in the manifest hides nothing, and is named.
    operator.sandbox.manifest('[apps.web]\nhosts = "role=web:~/web"\nhealth = { command = "true" }\n');
    assertEquals((await status("web"))[0].copies.length, 2);
    const unknown = await operator.run("app", "status", "other");
    assertStringIncludes(unknown.stderr, "health");
    assertEquals((await operator.run("app", "stop", "other")).code, 2);

    // So does its end.
    operator.sandbox.manifest("");
    assertEquals((await status())[0].copies.length, 2);
    assertEquals((await operator.run("app", "delete", "web")).code, 1);
    const pids = await Promise.all(world.hosts.map((host) => world.pids(host)));
    assert(pids.flat().length === 2, String(pids));
    assertEquals(await operator.good("app", "stop", "web"), "web: stopped\n");
    assertEquals(await Promise.all(world.hosts.map((host) => world.pids(host))), [[], []]);
    assertEquals(await status(), []);
  },
);
