/** Apps over hosts: placed, moved when a host is lost, never twice at once, updated host by host. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { AppsWorld, type Copy, killMachine } from "./apps_world.ts";
import { noServer } from "./nats_server.ts";

const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };
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
