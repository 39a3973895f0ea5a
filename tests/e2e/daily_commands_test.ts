import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { fakeTools } from "./fake_tools.ts";
import { binary, type RunOptions, Sandbox } from "./support.ts";

/** esbuild 1.0.0, 1.2.0 and 2.1.0, biome 2.0.0 and 2.3.0, behind a loopback registry. */
async function inWorld(
  test: (world: {
    sandbox: Sandbox;
    read(name: string): string;
    haft(
      args: string[],
      options?: Partial<RunOptions>,
    ): Promise<{ code: number; stdout: string; stderr: string }>;
  }) => Promise<void>,
): Promise<void> {
  const versions = ["1.0.0", "1.2.0", "2.1.0"].map((version) => ["esbuild", version] as const);
  await using registry = await fakeTools([...versions, ["biome", "2.0.0"], ["biome", "2.3.0"]]);
  await using sandbox = await Sandbox.create({ registry: registry.url });
  await test({
    sandbox,
    read: (name) => readFileSync(join(sandbox.project, name), "utf8"),
    haft: async (args, options = {}) => {
      const { code, stdout, stderr } = await sandbox.run(binary, { ...options, args });
      return { code: code ?? -1, stdout, stderr };
    },
  });
}

function lockedVersion(lock: string, tool: string): unknown {
  const { tools } = parse(lock) as { tools?: Record<string, { version: unknown }> };
  return tools?.[tool]?.version;
}

Deno.test("outdated tells current, wanted and latest; upgrade moves the lock, --bump the manifest, too", () =>
  inWorld(async ({ sandbox, haft, read }) => {
    sandbox.manifest('[tools]\nesbuild = "1.0.0" # why\nbiome = "2"\n');
    assertEquals((await haft(["sync"])).code, 0);
    const outdated = async (...args: string[]) =>
      JSON.parse((await haft(["outdated", "--json", ...args])).stdout) as Record<string, unknown>[];
    const [row, ...others] = await outdated();
    assertEquals([row?.["tool"], row?.["current"], row?.["wanted"], row?.["latest"]], [
      "esbuild",
      "1.0.0",
      "1.0.0",
      "2.1.0",
    ]);
    assertEquals(others, []);
    assertEquals((await haft(["outdated", "--check"])).code, 1);
    assertEquals((await haft(["outdated", "biome"])).stderr, "Every tool is at its newest version\n");
    rmSync(join(sandbox.haftHome, "store", "biome"), { recursive: true });
    assertStringIncludes((await haft(["outdated", "biome"])).stderr, "Note: not installed: biome.");
    assertEquals((await haft(["sync"])).code, 0);
    sandbox.manifest('[tools]\nesbuild = "1" # why\nbiome = "2"\n');
    assertEquals((await haft(["upgrade", "--dry-run"])).stdout, "esbuild  1.0.0  →  1.2.0\n");
    assertEquals(lockedVersion(read("haft.lock"), "esbuild"), "1.0.0");
    const upgrade = await haft(["upgrade"]);
    assertEquals(upgrade.code, 0, upgrade.stderr);
    assertStringIncludes(upgrade.stderr, "haft upgrade esbuild --bump");
    assertEquals(lockedVersion(read("haft.lock"), "esbuild"), "1.2.0");
    const bump = await haft(["upgrade", "esbuild", "--bump", "--json"]);
    const [change] = JSON.parse(bump.stdout);
    assertEquals([change.from, change.to, change.request], ["1.2.0", "2.1.0", "2"]);
    assertEquals(read("haft.toml"), '[tools]\nesbuild = "2" # why\nbiome = "2"\n');
    assertEquals((await haft(["x", "esbuild", "a"])).stdout, "esbuild 2.1.0: a|\n");
    assertEquals((await haft(["lock", "--check"])).code, 0);
  }));

Deno.test("upgrade --interactive asks about each tool, and needs a terminal", () =>
  inWorld(async ({ sandbox, haft, read }) => {
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\nbiome = "2.0.0"\n');
    assertEquals((await haft(["sync"])).code, 0);
    assertEquals((await haft(["upgrade", "-i"])).code, 2);
    const options = { args: ["upgrade", "--bump", "-i", "biome"], columns: 120, input: "y\n" };
    assertEquals((await sandbox.terminal(binary, options)).code, 0);
    assertStringIncludes(read("haft.toml"), 'biome = "2.3.0"');
    assertStringIncludes(read("haft.toml"), 'esbuild = "1.0.0"');
  }));

Deno.test("lock writes without installing, and --check tells what is not locked", () =>
  inWorld(async ({ sandbox, haft, read }) => {
    sandbox.manifest('[tools]\nesbuild = "1"\n');
    const check = await haft(["lock", "--check", "--json"]);
    assertEquals(check.code, 1);
    assertEquals(JSON.parse(check.stdout).changes, [{ tool: "esbuild", reason: "not in the lock file" }]);
    assertEquals(existsSync(join(sandbox.project, "haft.lock")), false);
    assertEquals((await haft(["lock"])).code, 0);
    assertEquals(lockedVersion(read("haft.lock"), "esbuild"), "1.2.0");
    assertEquals(sandbox.installed(), []);
    assertEquals((await haft(["lock", "--check"])).code, 0);
  }));

Deno.test("remove takes a tool out of haft.toml and haft.lock; a version file of others stays and is told", () =>
  inWorld(async ({ sandbox, haft, read }) => {
    sandbox.manifest('[tools]\n# builds\nesbuild = "1"\nbiome = "2"\n');
    writeFileSync(join(sandbox.project, ".tool-versions"), "esbuild 1.0.0\n");
    assertEquals((await haft(["sync"])).code, 0);
    const removed = await haft(["rm", "esbuild", "biome", "--json"]);
    assertEquals(removed.code, 0, removed.stderr);
    assertEquals(JSON.parse(removed.stdout).map(({ tool }: { tool: string }) => tool), ["esbuild", "biome"]);
    assertStringIncludes(removed.stderr, ".tool-versions asks for esbuild 1.0.0");
    assertEquals(read("haft.toml").includes("="), false);
    assertEquals(lockedVersion(read("haft.lock"), "biome"), undefined);
    assertEquals((await haft(["remove", "esbuild"])).code, 1);
    const global = join(sandbox.haftHome, "config", "haft.toml");
    mkdirSync(dirname(global), { recursive: true });
    writeFileSync(global, '[tools]\nshfmt = "3"\n');
    const own = await haft(["remove", "shfmt"]);
    assertEquals([own.code, /"haft remove --global shfmt"/.test(own.stderr)], [1, true], own.stderr);
    assertStringIncludes((await haft(["remove", "-g", "shfmt"])).stdout, "Removed shfmt from ");
    assertEquals(readFileSync(global, "utf8").includes("shfmt"), false);
    const unknown = await haft(["remove", "esbiuld"]);
    assertEquals(unknown.code, 2);
    assertStringIncludes(unknown.stderr, 'Did you mean "esbuild"?');
  }));

Deno.test("prune removes what no known project asks for, with sizes; what runs waits for --force", () =>
  inWorld(async ({ sandbox, haft }) => {
    const other = join(sandbox.root, "other");
    mkdirSync(other);
    writeFileSync(join(other, "haft.toml"), '[tools]\nbiome = "2.0.0"\n');
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    assertEquals((await haft(["sync"])).code, 0);
    assertEquals((await haft(["sync"], { cwd: other })).code, 0);
    assertEquals((await haft(["install", "esbuild@1.2.0", "esbuild@2.1.0"])).code, 0);
    const all = sandbox.installed();
    const dry = JSON.parse((await haft(["prune", "--dry-run", "--json"])).stdout);
    assertEquals(dry.map(({ version }: { version: string }) => version), ["1.2.0", "2.1.0"]);
    assertEquals(dry.every(({ bytes }: { bytes: number }) => bytes > 200_000), true);
    assertEquals(sandbox.installed(), all);
    const inside = join(sandbox.haftHome, "store", "esbuild", "2.1.0", "share", "data.bin");
    const running = spawn("tail", ["-f", "-n", "0", inside], { stdio: "ignore" });
    const pid = String(running.pid);
    try {
      const kept = await haft(["prune"]);
      assertEquals(kept.code, 1);
      assertStringIncludes(kept.stderr, pid);
      assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.0.0", "esbuild/2.1.0"]);
      assertEquals((await haft(["prune", "--force"])).code, 0);
      assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.0.0"]);
    } finally {
      running.kill();
    }
    rmSync(other, { recursive: true });
    assertEquals((await haft(["prune"])).code, 0);
    assertEquals(sandbox.installed(), ["esbuild/1.0.0"]);
  }));

Deno.test("prune removes nothing while it is not known what a project needs", () =>
  inWorld(async ({ sandbox, haft }) => {
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    assertEquals((await haft(["sync"])).code, 0);
    sandbox.manifest("[tools\n");
    const { code, stderr } = await haft(["prune"], { cwd: sandbox.root });
    assertEquals(code, 1);
    assertStringIncludes(stderr, sandbox.project);
    assertEquals(sandbox.installed(), ["esbuild/1.0.0"]);
  }));

Deno.test("use --pin writes the exact version; use --global counts where no project says otherwise", () =>
  inWorld(async ({ sandbox, haft, read }) => {
    assertEquals((await haft(["use", "--pin", "esbuild@1"])).code, 0);
    assertStringIncludes(read("haft.toml"), 'esbuild = "1.2.0"');
    const elsewhere = join(sandbox.root, "elsewhere");
    mkdirSync(elsewhere);
    const use = await haft(["use", "-g", "esbuild@2", "biome@2.0.0"], { cwd: elsewhere });
    assertEquals(use.code, 0, use.stderr);
    assertEquals(existsSync(join(elsewhere, "haft.toml")), false);
    const version = async (tool: string, cwd: string) => (await haft(["x", tool], { cwd })).stdout;
    assertEquals(await version("esbuild", elsewhere), "esbuild 2.1.0: |\n");
    assertEquals(await version("esbuild", sandbox.project), "esbuild 1.2.0: |\n");
    assertEquals(await version("biome", sandbox.project), "biome 2.0.0: |\n");
    // The user's own tools are no business of the project's lock file.
    assertEquals((await haft(["sync"])).code, 0);
    assertEquals(lockedVersion(read("haft.lock"), "biome"), undefined);
    assertEquals((await haft(["lock", "--check"])).code, 0);
    assertEquals((await haft(["prune"])).code, 0);
    assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.2.0", "esbuild/2.1.0"]);
  }));

Deno.test("exec: TOOL@VERSION without a project, several tools, and any command after --", () =>
  inWorld(async ({ sandbox, haft }) => {
    const once = await haft(["x", "esbuild@1.0.0", "--", "a", "--", "b"]);
    assertEquals([once.code, once.stdout], [0, "esbuild 1.0.0: a|--|b|\n"]);
    const two = await haft(["x", "esbuild@2", "biome@2.0.0", "--", "sh", "-c", "esbuild x; biome y"]);
    assertEquals([two.code, two.stdout], [0, "esbuild 2.1.0: x|\nbiome 2.0.0: y|\n"]);
    const one = await haft(["x", "esbuild@2", "biome@2.0.0", "--", "biome", "--exit=7"]);
    assertEquals(one.code, 7);
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    assertEquals((await haft(["sync"])).code, 0);
    assertEquals((await haft(["exec", "--", "sh", "-c", "esbuild z"])).stdout, "esbuild 1.0.0: z|\n");
    const missing = await haft(["exec", "--", "no-such-program"]);
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.stderr, "no-such-program");
    const beside = await haft(["x", "--with", "esbuild@2", "sh", "-c", "esbuild x"]);
    assertEquals([beside.code, beside.stdout], [0, "esbuild 2.1.0: x|\n"]);
    const own = await haft(["x", "esbuild@2", "--", "esbuild", "x"]);
    assertEquals([own.code, own.stdout], [0, "esbuild 2.1.0: esbuild|x|\n"]);
    assertStringIncludes(own.stderr, '"haft x --with esbuild@2 esbuild …" runs it');
    const program = await haft(["exec", "sh", "-c", "true"]);
    assertStringIncludes(program.stderr, "haft exec -- sh …");
  }));

Deno.test("exec of a version that is missing installs nothing where auto_install is false", () =>
  inWorld(async ({ sandbox, haft }) => {
    assertEquals((await haft(["config", "set", "auto_install", "false"])).code, 0);
    const { code, stderr } = await haft(["x", "esbuild@1.0.0"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "haft install esbuild@1.0.0");
    assertEquals(sandbox.installed(), []);
  }));

Deno.test("search, info and ls-remote tell what there is", () =>
  inWorld(async ({ sandbox, haft }) => {
    const search = JSON.parse((await haft(["search", "rg", "--json"])).stdout);
    assertEquals(search[0].tool, "ripgrep");
    const json = JSON.parse((await haft(["search", "json", "--json"])).stdout).map((
      { tool }: { tool: string },
    ) => tool);
    // "Query and change JSON" before "… that package.json names".
    assertEquals(json.indexOf("jq") < json.indexOf("corepack"), true, json.join(" "));
    const none = await haft(["search", "ripgerp"]);
    assertEquals(none.code, 1);
    assertStringIncludes(none.stderr, '"ripgrep"');
    assertStringIncludes((await haft(["search", "jsn"])).stderr, 'Did you mean "json"?');
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    assertEquals((await haft(["sync"])).code, 0);
    const info = JSON.parse((await haft(["info", "esbuild", "--json"])).stdout);
    assertEquals([info.latest, info.installed, info.request.version, info.executables], [
      "2.1.0",
      ["1.0.0"],
      "1.0.0",
      ["esbuild"],
    ]);
    assertEquals(JSON.parse((await haft(["ls-remote", "esbuild", "--json"])).stdout), [
      "1.0.0",
      "1.2.0",
      "2.1.0",
    ]);
    assertEquals((await haft(["ls-remote", "esbuild@1"])).stdout, "1.0.0\n1.2.0\n");
    assertEquals((await haft(["ls-remote", "esbuild@7"])).code, 1);
    assertEquals((await haft(["ls-remote", "esbuild", "latest"])).stdout, "2.1.0\n");
    assertEquals((await haft(["info", "npm:no-such-package"])).code, 2);
    for (const command of ["info", "ls-remote", "use"]) {
      const unknown = await haft([command, "esbiuld"]);
      assertEquals(unknown.code, 2, command);
      assertStringIncludes(unknown.stderr, 'Did you mean "esbuild"?');
    }
  }));

Deno.test("config reads, writes and takes back settings, and refuses what is none; cache clean empties", () =>
  inWorld(async ({ haft }) => {
    assertEquals((await haft(["config", "set", "jobs", "4"])).code, 0);
    assertEquals((await haft(["config", "get", "jobs"])).stdout, "4\n");
    const rows: { key: string; value: unknown }[] = JSON.parse((await haft(["config", "--json"])).stdout);
    assertEquals(rows.find(({ key }) => key === "settings.jobs")?.value, 4);
    const path = (await haft(["config", "path"])).stdout.trim();
    const before = readFileSync(path, "utf8");
    for (const [key = "", value = ""] of [["jobs", "many"], ["jbos", "4"], ["trusted_paths", "x"]]) {
      const { code, stderr } = await haft(["config", "set", key, value]);
      assertEquals([key, code], [key, 2]);
      assertStringIncludes(stderr, key);
    }
    assertEquals(readFileSync(path, "utf8"), before);
    assertEquals((await haft(["config", "unset", "jobs"])).code, 0);
    assertEquals((await haft(["config", "get", "jobs"])).stdout, "8\n");
    assertEquals((await haft(["install", "esbuild@1.0.0"])).code, 0);
    const parts = JSON.parse((await haft(["cache", "--json"])).stdout);
    assertEquals(parts.find(({ part }: { part: string }) => part === "metadata").bytes > 0, true);
    assertEquals(
      parts.map(({ part }: { part: string }) => part),
      ["downloads", "metadata", "exec", "shims", "tasks", "syncs"],
    );
    assertEquals((await haft(["cache", "clean"])).code, 0);
    assertEquals(existsSync(parts.find(({ part }: { part: string }) => part === "metadata").path), false);
    assertEquals((await haft(["cache", "clean", "no-such"])).code, 2);
  }));
