/** What may go wrong in an install, of every source; `scripts/faults.ts source_faults` tries all of it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { enterWorld, type SourceKind, sourceWorld } from "../support/source_worlds.ts";
import { publishTool } from "./fake_tools.ts";
import { binary, crashingBinary, Sandbox } from "./support.ts";

/** Tools of the npm registry with programs, and those that Bun installs, have tests of their own. */
const KINDS: readonly SourceKind[] = ["npmBundled", "pypi", "go", "cargo", "maven", "github", "http"];

Deno.test("an install of every source that gets other bytes or is killed leaves nothing, and the next one is whole", async () => {
  await Promise.all(KINDS.map(failAndHeal));
});

async function failAndHeal(kind: SourceKind): Promise<void> {
  const world = await sourceWorld(kind);
  await using _server = world.server;
  await using sandbox = await Sandbox.create();
  const env = enterWorld(world, join(sandbox.root, "home"));
  sandbox.manifest(world.manifest);
  if (world.needsTrust) assertEquals((await sandbox.run(binary, { args: ["trust"], env })).code, 0);

  world.server.fault(world.artifact, { kind: "wrong-bytes" });
  const wrong = await sandbox.run(binary, { args: ["sync"], env });
  assert(wrong.code !== 0 && wrong.stderr.includes("Wrong hash for "), `${kind}: ${wrong.stderr}`);
  assertEquals([kind, sandbox.installed(), sandbox.leftovers()], [kind, [], []]);
  world.server.clearFaults();

  const point = { ...env, HAFT_FAILPOINT: "after-extract" };
  const killed = await sandbox.run(crashingBinary, { args: ["sync"], env: point });
  assert(killed.code !== 0, kind);
  assertEquals([kind, sandbox.installed()], [kind, []]);

  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals([kind, sync.code, sandbox.leftovers()], [kind, 0, []], sync.stderr);
  const run = await sandbox.run(binary, { args: ["exec", world.executable, "x"], env });
  assertEquals(run.stdout, world.says, run.stderr);
}

Deno.test("a download that breaks off each time from a server that never goes on says so, with the next step", async () => {
  await using registry = await LoopbackRegistry.start();
  await publishTool(registry, { tool: "esbuild", version: "1.0.0", script: "#!/bin/sh\n", padding: 100_000 });
  registry.fault(/\.tgz$/, { kind: "truncate", at: 50_000 });
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  const stops = "-1.0.0.tgz broke off, and the server does not go on where it stopped\n";
  let told = "";
  // A connection that breaks may take with it all bytes that came: then there is nothing to go on from.
  for (let tries = 0; tries < 20 && !told.includes(stops); tries++) {
    const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
    assertEquals([code, sandbox.installed(), sandbox.leftovers()], [1, [], []]);
    assertStringIncludes(stderr, "Run the command again: it ");
    told = stderr;
  }
  assertStringIncludes(told, stops);
  assertStringIncludes(told, "Run the command again: it begins anew");
});
