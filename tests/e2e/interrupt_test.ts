import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { FAILPOINTS } from "../../src/tools/install/failpoint.ts";
import { binary, crashingBinary, everyHaft, Sandbox } from "./support.ts";
import { fakeTools } from "./fake_tools.ts";

for (const haft of everyHaft) {
  for (const signal of haft === binary ? ["SIGINT", "SIGTERM"] as const : ["SIGINT"] as const) {
    Deno.test(`${haft.name}: ${signal} in the middle of a sync leaves nothing, and the next run finishes`, async () => {
      await using registry = await fakeTools();
      registry.fault(/\.tgz$/, { kind: "drip", bytes: 500, everyMs: 50 });
      await using sandbox = await Sandbox.create({ registry: registry.url });
      sandbox.manifest('[tools]\nesbuild = "1.2.0"\nbiome = "2.0.0"\n');
      let sent = false;
      const { code } = await sandbox.run(haft, {
        args: ["sync", "--json"],
        ownGroup: true,
        onOutput({ pid, stdout }) {
          if (sent || !stdout.includes('"downloading"')) return;
          sent = true;
          process.kill(pid, signal);
        },
      });
      assert(sent, "the sync ended before it was interrupted");
      assertEquals({ code, installed: sandbox.installed(), left: sandbox.leftovers() }, {
        code: signal === "SIGTERM" ? 143 : 130,
        installed: [],
        left: [],
      });
      assertEquals(processesOf(sandbox.root), []);

      registry.clearFaults();
      const again = await sandbox.run(haft, { args: ["sync"] });
      assertEquals(again.code, 0, again.stderr);
      assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.2.0"]);
    });
  }
}

for (const step of FAILPOINTS.filter((name) => name !== "after-aside")) {
  Deno.test(`kill -9 of the install at ${step}: the store is as before or as after, and the next sync heals`, async () => {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
    const first = await sandbox.run(crashingBinary, { args: ["sync"], env: { HAFT_FAILPOINT: step } });
    assertEquals(first.code, 1);
    assertStringIncludes(first.stderr, "SIGKILL");
    assertEquals(sandbox.installed(), step === "after-rename" ? ["esbuild/1.2.0"] : []);

    const again = await sandbox.run(crashingBinary, { args: ["sync"] });
    assertEquals(again.code, 0, again.stderr);
    assertEquals({ installed: sandbox.installed(), left: sandbox.leftovers() }, {
      installed: ["esbuild/1.2.0"],
      left: [],
    });
    const exec = await sandbox.run(crashingBinary, { args: ["exec", "esbuild", "--", "whole"] });
    assertEquals(exec.stdout, "esbuild 1.2.0: whole|\n");
  });
}

Deno.test("kill -9 while an installation is being replaced (after-aside): the next sync heals", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
  assertEquals((await sandbox.run(crashingBinary, { args: ["sync"] })).code, 0);
  const killed = await sandbox.run(crashingBinary, {
    args: ["sync", "--force"],
    env: { HAFT_FAILPOINT: "after-aside" },
  });
  assertEquals(killed.code, 1);

  const again = await sandbox.run(crashingBinary, { args: ["sync"] });
  assertEquals(again.code, 0, again.stderr);
  assertEquals({ installed: sandbox.installed(), left: sandbox.leftovers() }, {
    installed: ["esbuild/1.2.0"],
    left: [],
  });
});

Deno.test("a release binary has no failpoints", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
  const { code, stderr } = await sandbox.run(binary, {
    args: ["sync"],
    env: { HAFT_FAILPOINT: "before-rename" },
  });
  assertEquals(code, 0, stderr);
  assertEquals(readFileSync(binary.argv[0] ?? "").includes("HAFT_FAILPOINT"), false);
});

/**
 * Processes that have the sandbox's directory in their environment or command line: whatever haft left
 * running.
 */
function processesOf(directory: string): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      return command !== "" && (command + environment).includes(directory)
        ? [command.replaceAll("\0", " ")]
        : [];
    } catch {
      return [];
    }
  });
}
