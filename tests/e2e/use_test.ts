import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
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
  const use = (...args: string[]) => sandbox.run(binary, { args: ["use", ...args] });
  await registry.addPackage({ name: "a-library", version: "1.0.0" }, { "index.js": "" });
  const library = await use("biome@2", "npm:a-library");
  assertEquals(library.code, 1);
  assertStringIncludes(library.stderr, "haft.toml and the lock file are as they were");
  assertEquals([
    existsSync(join(sandbox.project, "haft.toml")),
    existsSync(join(sandbox.project, "haft.lock")),
  ], [
    false,
    false,
  ]);

  const definition = '[catalogue.bundler]\nsources = ["npm:a-program"]\naliases = ["packer"]\n';
  sandbox.manifest(definition);
  await registry.addPackage({ name: "a-program", version: "1.0.0", bin: { program: "p.js" } }, {
    "p.js": "",
  });
  const alias = await use("packer@1.0.0");
  assertEquals(alias.code, 0, alias.stderr);
  const files = () =>
    ["haft.toml", "haft.lock"].map((name) => readFileSync(join(sandbox.project, name), "utf8"));
  const before = files();
  assertStringIncludes(before[0] ?? "", 'bundler = "1.0.0"');
  assertEquals((await use("npm:a-library")).code, 1);
  assertEquals(files(), before);
});

Deno.test("use that is interrupted while it installs leaves haft.toml and the lock file as they were", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const text = '[tools]\nesbuild = "1.0.0"\n';
  sandbox.manifest(text);
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  const lockPath = join(sandbox.project, "haft.lock");
  const lock = readFileSync(lockPath, "utf8");
  registry.fault(/\.tgz$/, { kind: "drip", bytes: 500, everyMs: 50 });
  let sent = false;
  const { code, stderr } = await sandbox.run(binary, {
    args: ["use", "biome@2"],
    ownGroup: true,
    onOutput({ pid, stderr }) {
      if (sent || !stderr.includes("downloading")) return;
      sent = true;
      process.kill(-pid, "SIGINT");
    },
  });
  assertEquals([sent, code], [true, 130], stderr);
  assertStringIncludes(stderr, "and the lock file are as they were");
  assertEquals(readFileSync(join(sandbox.project, "haft.toml"), "utf8"), text);
  assertEquals(readFileSync(lockPath, "utf8"), lock);
});

Deno.test("use --source writes which of its sources a tool comes from, and refuses one that it does not have", async () => {
  await using registry = await fakeTools([["node", "22.1.0"]]);
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest("[tools]\n");
  const use = (...args: string[]) => sandbox.run(binary, { args: ["use", ...args] });
  const used = await use("node@22", "--source", "npm");
  assertEquals(used.code, 0, used.stderr);
  assertStringIncludes(used.stderr, 'node = { version = "22", source = "npm" } in ');
  assertEquals(sandbox.installed(), ["node+npm/22.1.0"]);
  const written = () => readFileSync(join(sandbox.project, "haft.toml"), "utf8");
  const before = written();
  const rows: [args: string[], said: string][] = [
    [["node@22", "--source", "cargo"], 'Tool "node" has no source "cargo"\n  It has '],
    [["node@22", "--source", "nmp"], 'There is no source "nmp"\n  Did you mean "npm"?'],
    [["npm:node", "--source", "npm"], '"npm:node" names its source already'],
  ];
  for (const [args, said] of rows) {
    const { code, stderr } = await use(...args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, said);
  }
  assertEquals(written(), before);
});

Deno.test("use names haft's own word for what other managers call otherwise", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const rows: [target: string, next: string][] = [
    ["pipx:black", 'Write "pypi:black"'],
    ["ubi:owner/name@1", 'Write "github:owner/name"'],
    ["aqua:owner/name", 'Write "github:owner/name"'],
    ["core:node", 'Write "node"'],
    ["Esbuild@1", 'Did you mean "esbuild"?'],
    ["esbuild@temurin-21", 'write the version alone: esbuild = "21"'],
  ];
  for (const [target, next] of rows) {
    const { code, stderr } = await sandbox.run(binary, { args: ["use", target] });
    assertEquals(code === 0, false, target);
    assertStringIncludes(stderr, next);
  }
});
