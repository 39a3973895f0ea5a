/** `haft fleet sync`: tools on several hosts, each artifact fetched once for all of them. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ObjectBucket } from "../../src/fleet/objects/object_bucket.ts";
import { mirrorBucket } from "../../src/fleet/subjects.ts";
import { fakeTools } from "../e2e/fake_tools.ts";
import { allow, FleetWorld, type Machine } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };

/** Takes a machine's tools away. */
async function forget({ sandbox }: Machine): Promise<void> {
  for (const name of ["store", "cache"]) {
    await Deno.remove(join(sandbox.haftHome, name), { recursive: true }).catch(() => {});
  }
}

Deno.test(
  "fleet sync: three hosts install from the lock, each artifact comes once; wrong bytes of a member harm nobody",
  options,
  async () => {
    await using registry = await fakeTools();
    await using fleet = await FleetWorld.with({ registry: registry.url });
    const { first } = fleet;
    const beta = await fleet.join("beta", "--label", "role=build");
    const gamma = await fleet.join("gamma", "--label", "role=build");
    // One directory stands for the same checkout on all of them; each has a store of its own.
    beta.sandbox.manifest('[tools]\nesbuild = "1"\nbiome = "2"\n');
    const { project } = beta.sandbox;
    await beta.good("sync");
    await forget(beta);
    const integrities = [...readFileSync(join(project, "haft.lock"), "utf8").matchAll(/"(sha512-[^"]+)"/g)]
      .map(([, integrity]) => integrity ?? "");
    const sync = (on: string, ...more: string[]) => first.run("fleet", "sync", "--on", on, ...more);

    // Nobody installs what the host's user has not granted.
    const denied = await sync(`*:${project}`);
    assertEquals(denied.code, 4, denied.stderr);
    assertStringIncludes(denied.stderr, 'beta: Host "beta" allows nothing to the key');
    assertStringIncludes(
      denied.stderr,
      "1 of 3 hosts succeeded; failed on beta (exit code 4), gamma (exit code 4)",
    );
    await forget(first);
    for (const host of [beta, gamma]) {
      await allow(host, first, `methods = ["tool.sync"]\nprojects = [${JSON.stringify(project)}]`);
    }
    await using member = await gamma.nats();
    const mirror = await ObjectBucket.open(member.nats, mirrorBucket("fleet"));
    let before = registry.count(/\.tgz$/);
    // The first host's own sync has given both to the mirror already.
    const { code, stdout, stderr } = await sync(`*:${project}`);
    assertEquals(code, 0, stderr);
    assertEquals(registry.count(/\.tgz$/) - before, 0);
    for (const host of [first, beta, gamma]) {
      assertEquals(host.sandbox.installed().sort(), ["biome/2.0.0", "esbuild/1.2.0"]);
      assertStringIncludes(stdout, `${host.name} esbuild`);
    }
    assertStringIncludes(stdout, "6 tools installed");
    assertStringIncludes(stdout, "3 hosts");

    // A member replaces them: the hash says so, and each host asks the source.
    for (const integrity of integrities) await mirror.putBytes(integrity, new Uint8Array(5_000));
    for (const host of [beta, gamma]) await forget(host);
    before = registry.count(/\.tgz$/);
    const forged = await sync(`role=build:${project}`, "--json");
    assertEquals(forged.code, 0, forged.stderr);
    const lines = forged.stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(
      lines.filter(({ data }) => data?.type === "tool.installed").map(({ host, data }) =>
        `${host} ${data.tool}`
      ).sort(),
      ["beta biome", "beta esbuild", "gamma biome", "gamma esbuild"],
    );
    assertStringIncludes(forged.stdout, "the fleet's copy cannot be used");
    assertEquals(registry.count(/\.tgz$/) - before <= 4, true);

    // A host that is not there is named, and the others' tools are there.
    const some = await sync(`beta,nobody:${project}`);
    assertEquals(some.code, 3, some.stderr);
    assertStringIncludes(some.stdout, "beta esbuild");
    assertStringIncludes(some.stderr, "1 of 2 hosts succeeded; no answer from nobody");
    // Without a lock file that says it all, nothing is installed.
    writeFileSync(join(project, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
    const unlocked = await sync(`beta:${project}`);
    assertEquals(unlocked.code, 4);
    assertStringIncludes(unlocked.stderr, "--locked, but");
    assertEquals((await first.run("fleet", "sync")).code, 2);
  },
);

Deno.test(
  "fleet sync on four hosts at once asks the source once for each artifact",
  options,
  async () => {
    await using registry = await fakeTools();
    await using fleet = await FleetWorld.with({ registry: registry.url });
    const { first } = fleet;
    first.sandbox.manifest('[tools]\nesbuild = "1"\nbiome = "2"\n');
    const { project } = first.sandbox;
    await first.good("sync");
    const names = ["b", "c", "d", "e"];
    const hosts: Machine[] = [];
    for (const name of names) {
      const host = await fleet.join(name);
      await allow(host, first, 'methods = ["tool.sync"]\nprojects = ["*"]');
      hosts.push(host);
    }
    const before = registry.count(/\.tgz$/);
    registry.fault(/\.tgz$/, { kind: "drip", bytes: 20_000, everyMs: 50 });
    const { code, stderr } = await first.run("fleet", "sync", "--on", `${names.join(",")}:${project}`);
    assertEquals(code, 0, stderr);
    assertEquals(registry.count(/\.tgz$/) - before, 2);
    for (const { sandbox } of hosts) {
      assertEquals(sandbox.installed().sort(), ["biome/2.0.0", "esbuild/1.2.0"]);
    }
  },
);
