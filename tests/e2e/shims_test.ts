import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { resolvePaths } from "../../src/base/paths.ts";
import { fakeTools, publishTool } from "./fake_tools.ts";
import { binary, hasProgram, Sandbox } from "./support.ts";

/** A project with esbuild 1.0.0 whose shim has its entry: it no longer asks haft. */
class ShimSandbox implements AsyncDisposable {
  private constructor(readonly sandbox: Sandbox, readonly registry: AsyncDisposable) {}

  static async create(): Promise<ShimSandbox> {
    const registry = await fakeTools();
    const sandbox = await Sandbox.create({ registry: registry.url });
    const shims = new ShimSandbox(sandbox, registry);
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    await sandbox.run(binary, { args: ["sync"] });
    await shims.warm();
    return shims;
  }

  get directory(): string {
    return join(this.sandbox.haftHome, "shims");
  }

  /** What the shim prints, run in a directory. */
  async output(line = "esbuild x", cwd = this.sandbox.project): Promise<string> {
    const { stdout, stderr } = await this.sandbox.shell(
      binary,
      `cd "${cwd.replaceAll('"', '\\"')}"; PATH="${this.directory}:$PATH"; ${line}`,
    );
    return stdout + stderr;
  }

  /** Where a directory's entries are. */
  entries(cwd: string): string {
    const env = this.sandbox.environment();
    const { shimEntries } = resolvePaths({ env, platform: Deno.build.os, home: env["HOME"] ?? "" });
    return join(shimEntries, cwd);
  }

  hasEntry(cwd = this.sandbox.project): boolean {
    return existsSync(join(this.entries(cwd), ".haft-run-esbuild"));
  }

  /** Runs it until its entry is there, which takes until the files have settled. */
  async warm(cwd = this.sandbox.project): Promise<void> {
    rmSync(this.entries(cwd), { recursive: true, force: true });
    for (let tries = 0; !this.hasEntry(cwd); tries++) {
      if (tries === 100) {
        throw new Error(`the shim gets no entry for ${cwd}: ${await this.output("esbuild x", cwd)}`);
      }
      await this.output("esbuild x", cwd);
      await delay(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
  }
}

Deno.test("a shim runs the project's version with the arguments as they are, its exit code and PATH, without asking haft", async () => {
  await using shims = await ShimSandbox.create();
  // A haft that fails: what works now, works without it.
  writeFileSync(join(shims.sandbox.root, "no-haft"), "");
  const text = `esbuild 'a b' "c'd" '$HOME' ''; esbuild --exit=7; echo "code $?"`;
  assertMatch(
    await shims.output(text),
    /^esbuild 1\.0\.0: a b\|c'd\|\$HOME\|\|\nesbuild 1\.0\.0: --exit=7\|\ncode 7\n$/,
  );
  assertEquals(shims.hasEntry(), true);
});

Deno.test("a shim's answer is never older than the manifest, however it was changed", async () => {
  await using shims = await ShimSandbox.create();
  await shims.sandbox.run(binary, { args: ["install", "esbuild@1.2.0"] });
  const manifest = join(shims.sandbox.project, "haft.toml");
  const to = (version: string) => `[tools]\nesbuild = "${version}"\n`;
  await shims.warm();
  writeFileSync(manifest, to("1.2.0"));
  assertStringIncludes(await shims.output(), "esbuild 1.2.0: x|");
  await shims.warm();
  // Replaced by an older file.
  writeFileSync(`${manifest}.new`, to("1.0.0"));
  await shims.output(`touch -d '2001-01-01 10:00:00.5' haft.toml.new`);
  renameSync(`${manifest}.new`, manifest);
  assertStringIncludes(await shims.output(), "esbuild 1.0.0: x|");
  await shims.warm();
  rmSync(manifest);
  assertStringIncludes(await shims.output(), 'No haft.toml here or above, and no default for "esbuild"');
});

Deno.test("a manifest whose time has no fraction, as archives set it, gets no entry: another of that time could not be told from it", async () => {
  await using shims = await ShimSandbox.create();
  await shims.output("touch -d '2001-01-01 10:00:00' haft.toml");
  await delay(2_200);
  for (let run = 0; run < 3; run++) assertStringIncludes(await shims.output(), "esbuild 1.0.0: x|");
  await shims.sandbox.run(binary, { args: ["install", "esbuild@1.2.0"] });
  await shims.output(
    `echo '[tools]\nesbuild = "1.2.0"' > haft.toml; touch -d '2001-01-01 10:00:00' haft.toml`,
  );
  assertStringIncludes(await shims.output(), "esbuild 1.2.0: x|");
});

Deno.test("a shim takes no entry from outside of the cache, whatever PWD says", async () => {
  await using shims = await ShimSandbox.create();
  const { project } = shims.sandbox;
  writeFileSync(join(project, ".haft-run-esbuild"), "echo a file of the project ran; exit\n");
  const up = "../".repeat(40);
  for (
    const pwd of [
      `${dirname(project)}/${up}${project.slice(1)}`,
      `${project}/.`,
      `${project}/../${basename(project)}`,
    ]
  ) {
    assertEquals(await shims.output(`PWD="${pwd}" esbuild x`), "esbuild 1.0.0: x|\n", pwd);
  }
});

Deno.test("a shim sees a lock file that changes, a version that is removed, and one that comes", async () => {
  await using shims = await ShimSandbox.create();
  // The lock file keeps 1.0.0, which the request allows.
  shims.sandbox.manifest('[tools]\nesbuild = "1"\n');
  await shims.sandbox.run(binary, { args: ["sync"] });
  await shims.sandbox.run(binary, { args: ["install", "esbuild@1.2.0"] });
  await shims.warm();
  assertStringIncludes(await shims.output(), "esbuild 1.0.0: x|");
  // Without a lock file, the newest that is installed counts.
  rmSync(join(shims.sandbox.project, "haft.lock"));
  assertStringIncludes(await shims.output(), "esbuild 1.2.0: x|");
  await shims.warm();
  await shims.sandbox.run(binary, { args: ["uninstall", "esbuild@1.2.0"] });
  assertStringIncludes(await shims.output(), "esbuild 1.0.0: x|");
  await shims.warm();
  await shims.sandbox.run(binary, { args: ["install", "esbuild@1.2.0"] });
  assertStringIncludes(await shims.output(), "esbuild 1.2.0: x|");
});

Deno.test("a shim's entry looks at its own tool alone, and goes when another one comes or leaves", async () => {
  await using shims = await ShimSandbox.create();
  const { sandbox } = shims;
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\nbiome = "2.0.0"\n');
  await shims.warm();
  const entry = () => readFileSync(join(shims.entries(sandbox.project), ".haft-run-esbuild"), "utf8");
  const hasBiome = () => /haft_path=.*biome/.test(entry());
  assertEquals(hasBiome(), false);
  // An entry that still counted would never be written anew.
  const until = async (wanted: boolean) => {
    for (let tries = 0; hasBiome() !== wanted && tries < 200; tries++) {
      await shims.output();
      await delay(50);
    }
    assertEquals(hasBiome(), wanted);
  };
  await sandbox.run(binary, { args: ["sync"] });
  await until(true);
  assertEquals(/\[ -e .*biome/.test(entry()), false, entry());
  await sandbox.run(binary, { args: ["uninstall", "biome@2.0.0"] });
  await until(false);
});

Deno.test("a project inside another, a directory behind a link, and names with spaces and quotes have their own answers", async () => {
  await using shims = await ShimSandbox.create();
  const { project, root } = shims.sandbox;
  await shims.sandbox.run(binary, { args: ["install", "esbuild@1.2.0"] });
  const nested = join(project, 'it\'s a "test" $x');
  mkdirSync(nested);
  await shims.warm();
  assertStringIncludes(await shims.output("esbuild x", nested.replaceAll("$", "\\$")), "esbuild 1.0.0: x|");
  writeFileSync(join(nested, "haft.toml"), '[tools]\nesbuild = "1.2.0"\n');
  assertStringIncludes(await shims.output("esbuild x", nested.replaceAll("$", "\\$")), "esbuild 1.2.0: x|");
  const other = join(root, "other");
  mkdirSync(other);
  writeFileSync(join(other, "haft.toml"), '[tools]\nesbuild = "1.2.0"\n');
  const link = join(root, "link");
  symlinkSync(project, link);
  assertStringIncludes(await shims.output("esbuild x", link), "esbuild 1.0.0: x|");
  rmSync(link);
  symlinkSync(other, link);
  assertStringIncludes(await shims.output("esbuild x", link), "esbuild 1.2.0: x|");
  // A directory that has an entry becomes a link to another project.
  renameSync(project, `${project}-moved`);
  symlinkSync(other, project);
  assertStringIncludes(await shims.output(), "esbuild 1.2.0: x|");
});

Deno.test("a child in another project gets that project's version, under haft x, a shim and a command alike", async () => {
  await using registry = await fakeTools();
  // A tool that starts another: in the directory of its first argument, the command that follows.
  const starter = '#!/bin/sh\ncd "$1" || exit; shift; exec "$@"\n';
  await publishTool(registry, { tool: "biome", version: "2.1.0", script: starter });
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const [other, inner, none] = ["other", "project/inner", "none"].map((name) => join(sandbox.root, name));
  if (other === undefined || inner === undefined || none === undefined) throw new Error("three directories");
  for (const directory of [other, inner, none]) mkdirSync(directory);
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\nbiome = "2.1.0"\n');
  writeFileSync(join(other, "haft.toml"), '[tools]\nesbuild = "1.2.0"\n');
  await sandbox.shell(binary, `haft sync; cd "${other}"; haft sync`);
  const shims = join(sandbox.haftHome, "shims");
  const printed = async (line: string) => {
    const { stdout, stderr } = await sandbox.shell(binary, line);
    return stdout + stderr;
  };
  const starts = ["haft x biome", `PATH="${shims}:$PATH"; biome`, `haft x -- "$PWD/start"`];
  writeFileSync(join(sandbox.project, "start"), starter, { mode: 0o755 });
  // What ran before is remembered, by other means each time.
  for (let round = 0; round < 3; round++) {
    for (const start of starts) {
      assertEquals(await printed(`${start} . esbuild x`), "esbuild 1.0.0: x|\n");
      assertEquals(await printed(`${start} inner esbuild x`), "esbuild 1.0.0: x|\n");
      assertEquals(await printed(`${start} "${other}" esbuild x`), "esbuild 1.2.0: x|\n");
      // Where no project has it, what started the child has.
      assertEquals(await printed(`${start} "${none}" esbuild x`), "esbuild 1.0.0: x|\n");
      assertEquals(
        await printed(`${start} "${other}" biome "${sandbox.project}" esbuild x`),
        "esbuild 1.0.0: x|\n",
      );
    }
    await delay(1_100);
  }
  // A version of the command line is meant everywhere.
  assertEquals(
    await printed(`haft x esbuild@1.0.0 biome@2.1.0 -- biome "${other}" esbuild x`),
    "esbuild 1.0.0: x|\n",
  );
});

Deno.test("a child of the project that comes back through a shim keeps what its parent set over [env]", async () => {
  await using registry = await fakeTools([]);
  await publishTool(registry, { tool: "esbuild", version: "1.0.0", script: '#!/bin/sh\necho "$MODE"\n' });
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const other = join(sandbox.root, "other");
  mkdirSync(join(sandbox.project, "inner"));
  mkdirSync(other);
  const manifest = (mode: string) => `[tools]\nesbuild = "1.0.0"\n[env]\nMODE = "${mode}"\n`;
  sandbox.manifest(manifest("development"));
  writeFileSync(join(other, "haft.toml"), manifest("other"));
  await sandbox.shell(binary, `haft trust; haft sync; cd "${other}"; haft trust; haft sync`);
  const printed = async (line: string) => {
    const { stdout, stderr } = await sandbox.shell(binary, `haft x -- sh -c '${line}'`);
    return stdout + stderr;
  };
  assertEquals(await printed("esbuild; cd inner; esbuild"), "development\ndevelopment\n");
  assertEquals(await printed("MODE=mine esbuild; cd inner; MODE=mine esbuild"), "mine\nmine\n");
  assertEquals(await printed(`cd ${other}; MODE=mine esbuild`), "other\n");
});

Deno.test("with another HAFT_HOME a shim asks haft again, and what a project lacks is looked for in the rest of PATH", async () => {
  await using shims = await ShimSandbox.create();
  assertStringIncludes(await shims.output('HAFT_HOME="$PWD/other-home" esbuild x'), "is not installed");
  const elsewhere = join(shims.sandbox.root, "elsewhere");
  mkdirSync(elsewhere);
  assertStringIncludes(
    await shims.output("esbuild x", elsewhere),
    'No haft.toml here or above, and no default for "esbuild"',
  );
  const bin = join(shims.sandbox.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "esbuild"), '#!/bin/sh\necho "the system\'s own"\n', { mode: 0o755 });
  assertStringIncludes(
    await shims.output(`PATH="$PATH:${bin}"; esbuild x`, elsewhere),
    "the system's own",
  );
});

Deno.test("sync and uninstall keep the shims' directory in step with the store, and leave what is not haft's alone", async () => {
  await using shims = await ShimSandbox.create();
  writeFileSync(join(shims.directory, "mine"), "#!/bin/sh\necho mine\n");
  const listed = async () =>
    JSON.parse((await shims.sandbox.run(binary, { args: ["shims", "--json"] })).stdout).names;
  assertEquals(await listed(), ["esbuild"]);
  shims.sandbox.manifest('[tools]\nesbuild = "1.0.0"\nbiome = "2"\n');
  await shims.sandbox.run(binary, { args: ["sync"] });
  assertEquals(existsSync(join(shims.directory, "biome")), true);
  await shims.sandbox.run(binary, { args: ["uninstall", "biome@2.0.0"] });
  assertEquals([existsSync(join(shims.directory, "biome")), existsSync(join(shims.directory, "mine"))], [
    false,
    true,
  ]);
});

Deno.test("a shim that was removed is written again by a sync that has nothing else to do, and by its shortest way", async () => {
  await using shims = await ShimSandbox.create();
  const shim = join(shims.directory, "esbuild");
  const plain = join(shims.sandbox.haftHome, "cache", "syncs");
  const sync = () => shims.sandbox.run(binary, { args: ["sync"] });
  rmSync(shim);
  assertEquals((await sync()).code, 0);
  assertEquals(existsSync(shim), true);
  for (
    let tries = 0;
    !existsSync(plain) || !readdirSync(plain).some((name) => name.endsWith(".plain.json"));
    tries++
  ) {
    if (tries === 100) throw new Error("nothing is remembered");
    await sync();
    await delay(100);
  }
  rmSync(shim);
  assertEquals((await sync()).code, 0);
  assertEquals(existsSync(shim), true);
});

for (const shell of ["bash", "zsh", "fish"] as const) {
  Deno.test({
    name: `haft activate ${shell} puts the shims on PATH, once however often it is sourced`,
    ignore: !hasProgram(shell),
    fn: async () => {
      await using shims = await ShimSandbox.create();
      const { stdout } = await shims.sandbox.run(binary, { args: ["activate", shell] });
      const file = join(shims.sandbox.root, "rc");
      writeFileSync(file, `${stdout}${stdout}esbuild x\n`);
      assertEquals(await shims.output(`PATH=/usr/bin:/bin ${shell} ${file}`), "esbuild 1.0.0: x|\n");
    },
  });
}
