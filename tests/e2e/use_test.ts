import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

Deno.test("use at the same time as another use: neither edit is lost", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest("# ours\n[tools]\n");
  const targets = ["esbuild@1.0.0", "biome@2", "npm:biome-alias@1"];
  await registry.addPackage({ name: "biome-alias", version: "1.0.0", bin: { b: "b.js" } }, { "b.js": "" });
  const runs = await Promise.all(
    targets.map((target) => sandbox.run(binary, { args: ["use", target, "--no-sync"] })),
  );
  assertEquals(runs.map(({ code, stderr }) => code === 0 ? 0 : stderr), [0, 0, 0]);
  const text = readFileSync(join(sandbox.project, "haft.toml"), "utf8");
  assertEquals(
    text.split("\n").sort(),
    [
      "",
      '"npm:biome-alias" = "1"',
      "# ours",
      "[tools]",
      'biome = "2"',
      'esbuild = "1.0.0"',
    ].sort(),
  );
});

Deno.test("use of a tool or version that does not exist changes nothing, and names the nearest", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  for (const [target, near] of [["esbiuld", "esbuild"], ["esbuild@1.3", "1.2.0"]] as const) {
    const { code, stderr } = await sandbox.run(binary, { args: ["use", "biome@2", target] });
    assertEquals(code === 0, false, target);
    assertStringIncludes(stderr, near);
    assertEquals(existsSync(join(sandbox.project, "haft.toml")), false);
  }
});
