import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "./fake_tools.ts";
import { type Sandbox, sandbox } from "../integration/sync/support.ts";
import { binary } from "./support.ts";

/** Runs the built `haft sync` in the sandbox's project. */
function sync(args: readonly string[], { box, registry }: { box: Sandbox; registry: string }) {
  const [file = "", ...rest] = [...binary.argv, "sync", ...args];
  const env = { ...box.env, npm_config_registry: registry, no_proxy: "127.0.0.1" };
  const child = spawn(file, rest, { cwd: box.root, env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => texts.stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => texts.stderr += text);
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once("close", (code: number | null) => resolve({ code, ...texts }))
  );
}

const MANIFEST = '[tools]\nesbuild = "1"\nbiome = "2"\n';

Deno.test("haft sync twice at once: both succeed, each archive is downloaded once, one lock file", async () => {
  await using box = await sandbox();
  await using registry = await fakeTools();
  writeFileSync(join(box.root, "haft.toml"), MANIFEST);
  const options = { box, registry: registry.url };
  const results = await Promise.all([sync([], options), sync([], options)]);
  assertEquals(results.map(({ code }) => code), [0, 0], results.map(({ stderr }) => stderr).join("\n"));
  assertEquals(registry.count(/\.tgz$/), 2);
  const lock = readFileSync(join(box.root, "haft.lock"), "utf8");
  assertEquals((await sync(["--locked", "--check"], options)).code, 0);
  assertEquals(readFileSync(join(box.root, "haft.lock"), "utf8"), lock);
  assertEquals(box.sockets(), []);
});

Deno.test("haft sync --check and --dry-run say what is needed, and --check asks nobody", async () => {
  await using box = await sandbox();
  await using registry = await fakeTools();
  writeFileSync(join(box.root, "haft.toml"), MANIFEST);
  const options = { box, registry: registry.url };
  const check = await sync(["--check"], options);
  assertEquals(check.code, 1);
  assertStringIncludes(check.stdout, "2 tools to install");
  assertEquals(registry.count(/./), 0);
  const dry = await sync(["--dry-run", "--json"], options);
  assertEquals(dry.code, 0, dry.stderr);
  assertStringIncludes(dry.stdout, '"type":"tool.needed"');
  assertEquals(registry.count(/\.tgz$/), 0);
});

Deno.test("haft sync --stall-timeout gives up on a download that stands still", async () => {
  await using box = await sandbox();
  await using registry = await fakeTools();
  writeFileSync(join(box.root, "haft.toml"), MANIFEST);
  registry.fault(/cli-.*\.tgz$/, { kind: "silence" });
  const { code, stdout, stderr } = await sync(["--stall-timeout", "1"], { box, registry: registry.url });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "biome: The install process made no progress for 1 s and was stopped");
  assertStringIncludes(stdout, "1 tool installed");
  assertEquals(box.sockets(), []);
});

Deno.test("haft sync --jobs wants a whole number", async () => {
  await using box = await sandbox();
  for (const jobs of ["0", "65", "many", "-1"]) {
    const { code, stderr } = await sync([`--jobs=${jobs}`], { box, registry: "http://127.0.0.1:1" });
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, "whole number from 1 to 64");
  }
});

Deno.test("haft sync --quiet says nothing when all is well", async () => {
  await using box = await sandbox();
  await using registry = await fakeTools();
  writeFileSync(join(box.root, "haft.toml"), MANIFEST);
  assertEquals(await sync(["--quiet"], { box, registry: registry.url }), { code: 0, stdout: "", stderr: "" });
});

Deno.test("haft sync --offline without a lock says what the store has, and what to do", async () => {
  await using box = await sandbox();
  await using registry = await fakeTools();
  const options = { box, registry: registry.url };
  const manifest = join(box.root, "haft.toml");
  writeFileSync(manifest, '[tools]\nesbuild = "1"\n');
  assertEquals((await sync([], options)).code, 0);
  rmSync(join(box.root, "haft.lock"));
  rmSync(join(box.root, "home", "cache", "metadata"), { recursive: true });
  const { code, stderr } = await sync(["--offline"], options);
  assertEquals(code, 1);
  assertMatch(stderr, /The store has esbuild 1\.2\.0, but haft\.lock does not pin esbuild = "1"/);
  assertMatch(stderr, /Run "haft sync" once without --offline/);
});
