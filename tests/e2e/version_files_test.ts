import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import type { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, type RunOptions, Sandbox } from "./support.ts";

interface World {
  registry: LoopbackRegistry;
  sandbox: Sandbox;
  /** Writes a file of the project. */
  write(name: string, text: string | Uint8Array): void;
  haft(
    args: string[],
    options?: Partial<RunOptions>,
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** What `haft x esbuild` prints, after a sync of the directory. */
  synced(options?: Partial<RunOptions>): Promise<string>;
}

/** esbuild 1.0.0, 1.2.0 and 2.1.0, biome 2.0.0, behind a loopback registry. */
async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const versions = ["1.0.0", "1.2.0", "2.1.0"].map((version) => ["esbuild", version] as const);
  await using registry = await fakeTools([...versions, ["biome", "2.0.0"]]);
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const haft: World["haft"] = async (args, options = {}) => {
    const { code, stdout, stderr } = await sandbox.run(binary, { ...options, args });
    return { code: code ?? -1, stdout, stderr };
  };
  await test({
    registry,
    sandbox,
    haft,
    write(name, text) {
      const path = join(sandbox.project, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    async synced(options = {}) {
      const sync = await haft(["sync"], options);
      assertEquals(sync.code, 0, sync.stderr);
      const { stdout, stderr } = await haft(["x", "esbuild"], options);
      return stdout + stderr;
    },
  });
}

Deno.test("mise's files of one directory decide in mise's order, MISE_ENV's above all", () =>
  inWorld(async ({ write, synced }) => {
    const tools = (version: string) => `[tools]\nesbuild = "${version}"\n`;
    write(".tool-versions", "esbuild 1.0.0\n");
    write(".config/mise.toml", tools("prefix:1"));
    assertEquals(await synced(), "esbuild 1.2.0: |\n");
    write("mise.toml", tools("sub-1:latest"));
    write(".config/mise.toml", tools("2.1.0"));
    assertEquals(await synced(), "esbuild 1.2.0: |\n");
    write(
      "mise.local.toml",
      '[tools]\nbiome = { version = "2", os = ["windows"] }\nesbuild = ["1.0.0", "2"]\n',
    );
    assertEquals(await synced(), "esbuild 1.0.0: |\n");
    write("mise.dev.toml", tools("latest"));
    assertEquals(await synced({ env: { MISE_ENV: "dev" } }), "esbuild 2.1.0: |\n");
    assertEquals(await synced(), "esbuild 1.0.0: |\n");
  }));

Deno.test("haft.local.toml comes first, and has a lock file of its own", () =>
  inWorld(async ({ sandbox, write, haft, synced }) => {
    sandbox.manifest('[tools]\nesbuild = "1"\nbiome = "2"\n');
    assertEquals(await synced(), "esbuild 1.2.0: |\n");
    const lock = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
    write("haft.local.toml", '[tools]\nesbuild = "2"\n[settings]\njobs = 2\n');
    assertEquals(await synced(), "esbuild 2.1.0: |\n");
    assertEquals(readFileSync(join(sandbox.project, "haft.lock"), "utf8"), lock);
    const own = parse(readFileSync(join(sandbox.project, "haft.local.lock"), "utf8"));
    assertEquals(Object.keys(own["tools"] ?? {}), ["esbuild"]);
    assertEquals((await haft(["sync", "--locked"])).code, 0);
    assertEquals((await haft(["lock", "--check"])).code, 0);
    assertEquals((await haft(["config", "get", "jobs"])).stdout, "2\n");
    rmSync(join(sandbox.project, "haft.local.toml"));
    assertEquals((await haft(["x", "esbuild"])).stdout, "esbuild 1.2.0: |\n");
  }));

Deno.test("engines asks for nothing, and a version that it does not allow is told", () =>
  inWorld(async ({ sandbox, write, haft }) => {
    writeFileSync(join(sandbox.root, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
    write("package.json", '{"engines":{"esbuild":">=2","npm":"please-use-yarn","biome":"2"}}');
    const sync = await haft(["sync"]);
    assertEquals(sync.code, 0, sync.stderr);
    assertEquals(sandbox.installed(), ["esbuild/1.0.0"]);
    assertEquals((await haft(["x", "esbuild"])).stdout, "esbuild 1.0.0: |\n");
    assertStringIncludes((await haft(["ls"])).stderr, "(engines.esbuild) allows esbuild >=2");
  }));

Deno.test("a tool that a file leaves to the system, or that cannot be had, is not an outer file's", () =>
  inWorld(async ({ registry, sandbox, write, haft }) => {
    writeFileSync(join(sandbox.root, "haft.toml"), '[tools]\nesbuild = "1.0.0"\nbiome = "2"\n');
    assertEquals((await haft(["sync"], { cwd: sandbox.root })).code, 0);
    write(".tool-versions", "esbuild system\nbiome ref:main\nno-such-tool 1.0\n");
    const bin = join(sandbox.root, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "esbuild"), '#!/bin/sh\necho "the system\'s $*"\n', { mode: 0o755 });
    const system = await haft(["x", "esbuild", "a"], { env: { PATH: `${bin}:/usr/bin:/bin` } });
    assertEquals(system.stdout, "the system's a\n", system.stderr);
    const sync = await haft(["sync"]);
    assertEquals(sync.code, 0, sync.stderr);
    assertStringIncludes(sync.stderr, "asks for biome ref:main: haft builds no tool from a revision");
    assertStringIncludes(sync.stderr, "asks for no-such-tool 1.0: haft's catalogue does not have it");
    for (const [tool, version] of [["biome", "ref:main"], ["no-such-tool", "1.0"]] as const) {
      const { code, stderr } = await haft(["x", tool]);
      assertEquals([tool, code], [tool, 1]);
      assertStringIncludes(stderr, `asks for ${tool} ${version}`);
    }
    // The first that can be had counts, and then the system.
    write(".tool-versions", "esbuild 9.0.0 1.2.0 1.0.0\nbiome 99.9.9 98.0.0 system\n");
    const fallback = await haft(["sync"]);
    assertEquals(fallback.code, 0, fallback.stderr);
    assertEquals((await haft(["sync", "--check"])).code, 0);
    assertEquals((await haft(["x", "esbuild", "a"])).stdout, "esbuild 1.2.0: a|\n");
    writeFileSync(join(bin, "biome"), '#!/bin/sh\necho "the system\'s biome"\n', { mode: 0o755 });
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    for (const words of [["x", "biome"], ["run", "--", "biome"]]) {
      assertEquals((await haft(words, { env })).stdout, "the system's biome\n", words.join(" "));
    }
    await registry.addPackage({ name: "npm", version: "9.0.0", bin: { npm: "n.js", npx: "n.js" } }, {
      "n.js": "",
    });
    rmSync(join(sandbox.project, ".tool-versions"));
    const expected = async (hash: string) => {
      write("package.json", JSON.stringify({ packageManager: `npm@9.0.0+${hash}` }));
      return await haft(["sync"]);
    };
    const wrong = await expected(`sha512.${"0".repeat(128)}`);
    assertEquals(wrong.code, 1);
    const [, right = ""] =
      /npm 9\.0\.0 has (sha512\.[0-9a-f]{128}), but .*expects sha512\.000/.exec(wrong.stderr) ?? [];
    assertEquals((await expected(right)).code, 0, right);
    const other = await expected(`sha224.${"0".repeat(56)}`);
    assertEquals(other.code, 0, other.stderr);
    assertStringIncludes(other.stderr, "(packageManager) is not compared: the registry gives sha512 only");
  }));

Deno.test("a version file that is malformed is told with its line, and stops nothing", () =>
  inWorld(async ({ sandbox, write, haft, synced }) => {
    sandbox.manifest('\ufeff[tools]\nesbuild = "1.0.0"\n');
    write("package.json", '{\n  "volta": {\n  }}}\n');
    write(".nvmrc", Uint8Array.of(0xff, 0xfe, 0x32, 0, 0x32, 0));
    write("mise.toml", "[tools\n");
    assertEquals(await synced(), "esbuild 1.0.0: |\n");
    for (const command of ["sync", "ls"]) {
      const { stderr } = await haft([command]);
      assertStringIncludes(stderr, "package.json:3: unexpected");
      assertStringIncludes(stderr, "is UTF-16; save it as UTF-8");
      assertStringIncludes(stderr, "mise.toml:1:");
    }
    // Where no other file asks for a tool, that is the answer, and not the lack of a haft.toml.
    rmSync(join(sandbox.project, "haft.toml"));
    const { code, stderr } = await haft(["sync"]);
    assertEquals(code, 1);
    assertMatch(stderr, /^error: No tool is asked for here: .*mise\.toml:1:\d+: /);
  }));

Deno.test("what lies in node_modules is not read, and version_files chooses what is", () =>
  inWorld(async ({ sandbox, write, haft, synced }) => {
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    write("node_modules/pkg/haft.toml", '[tools]\nesbuild = "2.1.0"\n');
    write("node_modules/pkg/.tool-versions", "esbuild 2.1.0\n");
    assertEquals(await synced(), "esbuild 1.0.0: |\n");
    const inside = join(sandbox.project, "node_modules", "pkg");
    assertEquals((await haft(["x", "esbuild"], { cwd: inside })).stdout, "esbuild 1.0.0: |\n");
    write("sub/.tool-versions", "esbuild 2.1.0\n");
    write("sub/mise.toml", '[tools]\nesbuild = "1.2.0"\n');
    const version = async () => {
      const rows = JSON.parse((await haft(["ls", "--json"], { cwd: join(sandbox.project, "sub") })).stdout);
      return rows[0].request;
    };
    assertEquals(await version(), "1.2.0");
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n[settings]\nversion_files = [".tool-versions"]\n');
    assertEquals(await version(), "2.1.0");
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n[settings]\nversion_files = false\n');
    assertEquals(await version(), "1.0.0");
  }));

Deno.test("[env] of mise.toml counts after trust, and is nothing to fail for before", () =>
  inWorld(async ({ sandbox, write, haft }) => {
    write("mise.toml", '[tools]\nesbuild = "1.0.0"\n[env]\nGREETING = "hello"\nTAKEN = false\n');
    const sync = await haft(["sync"]);
    assertEquals(sync.code, 0, sync.stderr);
    assertStringIncludes(sync.stderr, 'mise.toml counts after "haft trust"');
    const printed = async () =>
      (await haft(["x", "--", "sh", "-c", 'echo "${GREETING-none} ${TAKEN-none}"'], {
        env: { TAKEN: "mine" },
      }))
        .stdout;
    assertEquals(await printed(), "none mine\n");
    for (
      const words of [["x", "--", "true"], ["x", "esbuild"], ["x", "esbuild"], ["run", "--", "true"], ["env"]]
    ) {
      const { code, stderr } = await haft(words);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, 'mise.toml counts after "haft trust"', words.join(" "));
    }
    write("haft.toml", '[tools]\nbiome = "2.0.0"\n');
    const shown = await haft(["trust", "--show"]);
    assertStringIncludes(shown.stdout, "haft.toml is not trusted: [env] of mise.toml\n");
    write("haft.toml", '[tasks.t]\nrun = "true"\n');
    const refused = await haft(["run", "t"]);
    assertStringIncludes(
      refused.stderr,
      "is not trusted, and [tasks] of haft.toml and [env] of mise.toml can",
    );
    rmSync(join(sandbox.project, "haft.toml"));
    assertEquals((await haft(["trust"])).code, 0);
    assertEquals(await printed(), "hello none\n");
    write("mise.toml", '[tools]\nesbuild = "1.0.0"\n[env]\nGREETING = "other"\n');
    assertEquals(await printed(), "none mine\n");
    assertEquals(sandbox.installed(), ["esbuild/1.0.0"]);
  }));

Deno.test("relative XDG directories are ignored, and ~/.tool-versions counts outside of the home, too", () =>
  inWorld(async ({ sandbox, synced, haft }) => {
    writeFileSync(join(sandbox.root, "home", ".tool-versions"), "esbuild 1.0.0\n");
    assertEquals(await synced(), "esbuild 1.0.0: |\n");
    const env = { HAFT_HOME: "", XDG_CONFIG_HOME: "relative", XDG_DATA_HOME: "also/relative" };
    const { stdout } = await haft(["config", "path"], { env });
    assertEquals(stdout, `${join(sandbox.root, "home", ".config", "haft", "config.toml")}\n`);
  }));

Deno.test("a version file of thousands of lines, or of megabytes, keeps no command busy", () =>
  inWorld(async (world) => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, index) => `tool${index} 1.0\n`).join("");
    world.write(".tool-versions", lines(20_000));
    const many = await world.haft(["ls"]);
    assertEquals(many.code, 0, many.stderr);
    assertStringIncludes(many.stderr, "and 19980 more of the kind");
    world.write(".tool-versions", lines(200_000));
    const large = await world.haft(["ls"]);
    assertEquals(large.code, 0, large.stderr);
    assertMatch(large.stderr, /\.tool-versions has \d+ characters, 1048576 at most/);
  }));

Deno.test("every file of mise's conf.d counts after its other files, and a new one is seen", () =>
  inWorld(async ({ write, synced }) => {
    write(".config/mise/conf.d/10.toml", '[tools]\nesbuild = "1.0.0"\n');
    assertEquals(await synced(), "esbuild 1.0.0: |\n");
    assertEquals(await synced(), "esbuild 1.0.0: |\n");
    write(".config/mise/conf.d/20.toml", '[tools]\nesbuild = "1.2.0"\n');
    assertEquals(await synced(), "esbuild 1.2.0: |\n");
    write(".config/mise/config.toml", '[tools]\nesbuild = "2.1.0"\n');
    assertEquals(await synced(), "esbuild 2.1.0: |\n");
  }));

Deno.test("which names what PATH has of a tool that a file leaves to the system, and the file", () =>
  inWorld(async ({ sandbox, write, haft }) => {
    write(".nvmrc", "system\n");
    const bin = join(sandbox.root, "bin");
    mkdirSync(bin);
    const env = { PATH: `${bin}:/nowhere` };
    for (const command of ["node"]) {
      const none = await haft(["which", command], { env });
      assertEquals(none.code, 1);
      assertMatch(none.stderr, /There is no "\w+" on PATH, and ".*\.nvmrc" leaves node to the system/);
      writeFileSync(join(bin, command), "#!/bin/sh\n", { mode: 0o755 });
      const why = await haft(["which", command, "--why"], { env });
      assertEquals(why.stdout.split("\n")[0], join(bin, command), why.stderr);
      assertMatch(why.stdout, /\n {2}node: .*\.nvmrc \(line 1\) asks for "system"\n/);
      const { tool, version, path } = JSON.parse((await haft(["which", command, "--json"], { env })).stdout);
      assertEquals([tool, version, path], ["node", null, join(bin, command)]);
    }
  }));

Deno.test("haft init takes mise's files wherever they are, and leaves to a file what haft.toml has no words for", () =>
  inWorld(async ({ sandbox, write, haft }) => {
    write(".config/mise/config.toml", '[tools]\nbiome = "2"\n');
    write(".tool-versions", "esbuild 9.0.0 1.2.0\nnodejs system\n");
    write("package.json", JSON.stringify({ packageManager: `npm@9.0.0+sha512.${"0".repeat(128)}` }));
    const { code, stderr } = await haft(["init"]);
    assertEquals(code, 0, stderr);
    const { tools } = parse(readFileSync(join(sandbox.project, "haft.toml"), "utf8"));
    assertEquals(tools, { biome: "2" });
    assertMatch(
      stderr,
      /\.tool-versions goes on to decide esbuild: it accepts 9\.0\.0, else 1\.2\.0, where /,
    );
    assertMatch(stderr, /package\.json goes on to decide npm: haft\.toml has no place for its hash/);
    assertMatch(stderr, /\.tool-versions leaves node to the system/);
    rmSync(join(sandbox.project, "package.json"));
    assertEquals((await haft(["sync"])).code, 0);
    assertEquals((await haft(["x", "esbuild"])).stdout, "esbuild 1.2.0: |\n");
  }));
