import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lazyImports, lazyLibraries, libraries } from "../support/lazy_libraries.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

/**
 * For each library that the sources import lazily, what makes the compiled binary load and use it. A library
 * that works from source may lack its named exports in the bundle, as dotenv did, so the list of libraries
 * comes from the import map and the sources.
 */
const EXERCISES: Readonly<Record<string, () => Promise<void>>> = {
  "@decimalturn/toml-patch": async () => {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('# kept\n[tools]\nbiome = "2.0.0" # why\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["use", "esbuild@1.0.0", "--no-sync"] });
    assertEquals(code, 0, stderr);
    assertEquals(
      readFileSync(join(sandbox.project, "haft.toml"), "utf8"),
      '# kept\n[tools]\nbiome = "2.0.0" # why\nesbuild = "1.0.0"\n',
    );
  },
  "@sigstore/tuf/seeds": async () => {
    await using registry = await fakeTools();
    registry.settings.signatures = "right";
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
    assertEquals([code, sandbox.installed()], [0, ["esbuild/1.2.0"]], stderr);
  },
  "@std/streams/to-text": async () => {
    await using daemon = await DaemonSandbox.create(binary);
    const { stdout, stderr } = await daemon.sandbox.shell(
      binary,
      `echo '{"type": "user.x", "data": {"n": 1}}' | haft ipc-send events.publish - && haft ipc-send daemon.ping`,
    );
    assertStringIncludes(stdout, "uptime_secs", stderr);
  },
  "croner": async () => {
    await using daemon = await DaemonSandbox.create(binary);
    daemon.sandbox.manifest(
      '[apps.tick]\ncommand = ["touch", "ticked"]\nschedule = "* * * * * *"\nrestart = "no"\nautostart = false\n',
    );
    await daemon.run("trust");
    const { code, stderr } = await daemon.run("app", "start", "tick");
    assertEquals(code, 0, stderr);
    const ticked = join(daemon.sandbox.project, "ticked");
    while (!existsSync(ticked)) await delay(20);
    await Deno.remove(ticked);
    // The start made the first; the schedule makes the second.
    while (!existsSync(ticked)) await delay(20);
  },
  "log-update": async () => {
    await using registry = await fakeTools();
    registry.fault(/\.tgz$/, { kind: "drip", bytes: 20_000, everyMs: 60 });
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
    const { code, stdout } = await sandbox.terminal(binary, { args: ["sync"], columns: 80 });
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /esbuild.*%/);
  },
};

Deno.test("every lazily imported library has an exercise, and no exercise is left over", () => {
  assertEquals(Object.keys(EXERCISES).sort(), lazyLibraries());
});

Deno.test("every import() names a file of ours or a library of the import map, so that none is overlooked", () => {
  const known = new Set(libraries());
  const unknown = lazyImports().filter(({ argument }) =>
    !/^"(\.{1,2}\/.*\.ts|node:.*|bun:.*)"$/.test(argument) && !known.has(argument.slice(1, -1))
  );
  assertEquals(unknown, []);
});

for (const [library, exercise] of Object.entries(EXERCISES)) {
  Deno.test(`the built haft loads ${library} when it needs it`, exercise);
}
