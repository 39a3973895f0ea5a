/** A tool is locked where it is said: in outer projects, below the home directory, in a checkout. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, hasProgram, Sandbox } from "./support.ts";

/** Another user of the machine. */
const OTHER = 65534;

interface World {
  sandbox: Sandbox;
  /** Writes a file below the sandbox's root. */
  write(name: string, text: string): void;
  read(name: string): string;
  /** What a lock file below the sandbox's root names, as `TOOL VERSION`; undefined where there is none. */
  locked(directory: string, name?: string): string[] | undefined;
  haft(directory: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** As {@link haft}, and it has to succeed. */
  done(directory: string, ...args: string[]): Promise<string>;
  git(directory: string, ...args: string[]): void;
}

/** esbuild 1.0.0, 1.2.0 and 2.1.0 and biome 2.0.0, behind a loopback registry. */
async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const versions = ["1.0.0", "1.2.0", "2.1.0"].map((version) => ["esbuild", version] as const);
  await using registry = await fakeTools([...versions, ["biome", "2.0.0"]]);
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const at = (name: string) => join(sandbox.root, name);
  const haft: World["haft"] = async (directory, ...args) => {
    const { code, stdout, stderr } = await sandbox.run(binary, { args, cwd: at(directory) });
    return { code: code ?? -1, stdout, stderr };
  };
  await test({
    sandbox,
    haft,
    async done(directory, ...args) {
      const { code, stdout, stderr } = await haft(directory, ...args);
      assertEquals(code, 0, `${args.join(" ")}: ${stderr}`);
      return stdout;
    },
    read: (name) => readFileSync(at(name), "utf8"),
    write(name, text) {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), text);
    },
    locked(directory, name = "haft.lock") {
      if (!existsSync(at(join(directory, name)))) return undefined;
      const { tools = {} } = parse(readFileSync(at(join(directory, name)), "utf8")) as {
        tools?: Record<string, { version: string }>;
      };
      return Object.entries(tools).map(([tool, { version }]) => `${tool} ${version}`).sort();
    },
    git(directory, ...args) {
      const identity = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "protocol.file.allow=always",
      ];
      execFileSync("git", [...identity, ...args], {
        cwd: at(directory),
        env: { ...sandbox.environment(), GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
        stdio: "pipe",
      });
    },
  });
}

/** Locks esbuild 1.0.0 for a request that newer versions fit, too, and puts 1.2.0 into the store. */
async function lockOlder({ write, done }: World, directory: string): Promise<void> {
  write(join(directory, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
  await done(directory, "sync");
  write(join(directory, "haft.toml"), '[tools]\nesbuild = "1"\n');
  await done(directory, "sync");
  await done(directory, "install", "esbuild@1.2.0");
}

Deno.test("monorepo: the root's lock file decides the version in every package, whatever the store has", () =>
  inWorld(async (world) => {
    const { write, done, haft, locked, read } = world;
    await lockOlder(world, "project");
    write("project/packages/api/haft.toml", '[tasks]\nt = "true"\n');
    write("project/packages/plain/package.json", "{}");
    for (const directory of ["project", "project/packages/api", "project/packages/plain"]) {
      assertEquals(await done(directory, "x", "esbuild"), "esbuild 1.0.0: |\n", directory);
    }
    assertStringIncludes(
      await done("project/packages/api", "which", "--why", "esbuild"),
      `locked in ${join(world.sandbox.root, "project", "haft.lock")}`,
    );
    await done("project/packages/api", "sync");
    assertEquals(locked("project/packages/api"), undefined);
    write("project/packages/api/haft.toml", '[tools]\nbiome = "2"\n');
    await done("project/packages/api", "sync");
    assertEquals([locked("project"), locked("project/packages/api")], [["esbuild 1.0.0"], ["biome 2.0.0"]]);
    // Remembered answers follow the root's lock file.
    assertEquals(await done("project/packages/api", "x", "esbuild"), "esbuild 1.0.0: |\n");
    await done("project", "upgrade");
    assertEquals(locked("project"), ["esbuild 1.2.0"]);
    assertEquals(await done("project/packages/api", "x", "esbuild"), "esbuild 1.2.0: |\n");
    for (const args of [["sync", "--locked"], ["lock", "--check"], ["sync", "--check"]]) {
      await done("project/packages/api", ...args);
      await done("project", ...args);
    }
    const lock = read("project/haft.lock");
    rmSync(join(world.sandbox.root, "project/haft.lock"));
    const red = await haft("project/packages/api", "sync", "--locked");
    assertEquals(red.code, 1);
    assertStringIncludes(
      red.stderr,
      `"${join(world.sandbox.root, "project/haft.lock")}" would change: esbuild`,
    );
    assertEquals((await haft("project/packages/api", "lock", "--check")).code, 1);
    await done("project/packages/api", "sync");
    assertEquals(read("project/haft.lock"), lock);
  }));

Deno.test("monorepo: a package that overrides a tool of the root leaves the root's lock file alone", () =>
  inWorld(async ({ write, done, haft, locked, read }) => {
    write("project/haft.toml", '[tools]\nesbuild = "1.0.0"\nbiome = "2"\n');
    await done("project", "sync");
    const lock = read("project/haft.lock");
    write("project/packages/api/haft.toml", '[tools]\nesbuild = "2"\n');
    await done("project/packages/api", "sync");
    assertEquals([read("project/haft.lock"), locked("project/packages/api")], [lock, ["esbuild 2.1.0"]]);
    write("project/packages/api/haft.local.toml", '[tools]\nbiome = "2.0.0"\n');
    await done("project/packages/api", "sync");
    assertEquals(read("project/haft.lock"), lock);
    assertEquals(locked("project/packages/api", "haft.local.lock"), ["biome 2.0.0"]);
    const manifest = read("project/haft.toml");
    const removed = await haft("project/packages/api", "remove", "biome");
    assertEquals([removed.code, read("project/haft.toml")], [1, manifest]);
    assertStringIncludes(removed.stderr, 'haft.local.toml", not by a haft.toml');
    await done("project/packages/api", "sync", "--locked");
    await done("project/packages/api", "lock");
    assertEquals(read("project/haft.lock"), lock);
  }));

Deno.test("~/.tool-versions and mise's own file are the user's: no project locks them, and --locked passes", () =>
  inWorld(async ({ write, done, haft, locked, sandbox }) => {
    write("home/.tool-versions", "biome 2.0.0\n");
    write("home/work/clone/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
    await done("home/work/clone", "sync");
    assertEquals(locked("home/work/clone"), ["esbuild 1.0.0"]);
    assertEquals(await done("home/work/clone", "x", "biome"), "biome 2.0.0: |\n");
    for (const args of [["sync", "--locked"], ["lock", "--check"], ["sync", "--check"]]) {
      await done("home/work/clone", ...args);
    }
    // Nothing of it is an error where it is neither locked nor installed.
    await done("home", "uninstall", "biome");
    for (const args of [["sync", "--locked"], ["sync", "--check"], ["lock", "--check"]]) {
      await done("home/work/clone", ...args);
    }
    await done("home/work/clone", "sync");
    assertEquals(sandbox.installed(), ["biome/2.0.0", "esbuild/1.0.0"]);
    rmSync(join(sandbox.root, "home", ".tool-versions"));
    write("home/.config/mise/config.toml", '[tools]\nbiome = "2"\n');
    await done("home/work/clone", "sync", "--locked");
    assertEquals(locked("home/work/clone"), ["esbuild 1.0.0"]);
    assertEquals(await done("home/work/clone", "x", "biome"), "biome 2.0.0: |\n");
    assertEquals((await haft("home/work/clone", "upgrade")).code, 0);
    assertEquals(locked("home/work/clone"), ["esbuild 1.0.0"]);
  }));

Deno.test("haft sync in an empty directory locks what lies in the home directory in the user's own lock file", () =>
  inWorld(async ({ write, done, locked, sandbox }) => {
    write("home/.tool-versions", "biome 2.0.0\n");
    write("home/.nvmrc", "system\n");
    mkdirSync(join(sandbox.root, "home", "empty"));
    await done("home/empty", "sync");
    assertEquals([locked("home"), locked("home/empty")], [undefined, undefined]);
    const config = dirname((await done("home/empty", "config", "path")).trim());
    const own = config.slice(sandbox.root.length + 1);
    assertEquals(locked(own), ["biome 2.0.0"]);
    await done("home/empty", "use", "--global", "esbuild@1.0.0");
    assertEquals(locked(own), ["biome 2.0.0", "esbuild 1.0.0"]);
    await done("home", "sync", "--locked");
    await done("home/empty", "sync", "--locked");
    assertEquals(locked("home"), undefined);
  }));

Deno.test("a file above a clone is not the clone's: it is locked where it lies, and only from there", () =>
  inWorld(async ({ write, done, haft, locked, git }) => {
    write("work/.tool-versions", "biome 2.0.0\n");
    write("work/clone/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
    git("work/clone", "init", "-q");
    await done("work/clone", "sync");
    assertEquals([locked("work"), locked("work/clone")], [undefined, ["esbuild 1.0.0"]]);
    assertEquals(await done("work/clone", "x", "biome"), "biome 2.0.0: |\n");
    await done("work/clone", "sync", "--locked");
    await done("work/clone", "lock", "--check");
    const named = await haft("work/clone", "upgrade", "biome");
    assertEquals(named.code, 1);
    assertStringIncludes(named.stderr, 'Run "haft upgrade biome" in ');
    await done("work", "sync");
    assertEquals(locked("work"), ["biome 2.0.0"]);
    await done("work/clone", "upgrade");
    assertEquals(locked("work/clone"), ["esbuild 1.0.0"]);
    write("work/clone/haft.toml", '[tasks]\nt = "true"\n');
    assertStringIncludes((await haft("work/clone", "upgrade")).stderr, "Nothing to upgrade");
    assertEquals(locked("work"), ["biome 2.0.0"]);
    write("work/haft.toml", '[tools]\nbiome = "2"\n');
    const removed = await haft("work/clone", "remove", "biome");
    assertEquals(removed.code, 1);
    assertStringIncludes(removed.stderr, 'Run "haft remove biome" in ');
    await done("work", "remove", "biome");
  }));

Deno.test("a worktree inside its repository keeps a lock file of its own", () =>
  inWorld(async ({ write, done, locked, git, read }) => {
    git(".", "init", "-q", "project");
    write("project/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
    await done("project", "sync");
    git("project", "add", "-A");
    git("project", "commit", "-qm", "slim");
    git("project", "branch", "slim");
    write("project/haft.toml", '[tools]\nesbuild = "1.0.0"\nbiome = "2"\n');
    await done("project", "sync");
    git("project", "worktree", "add", "-q", ".wt/slim", "slim");
    const lock = read("project/haft.lock");
    await done("project/.wt/slim", "sync", "--locked");
    await done("project/.wt/slim", "sync");
    assertEquals([locked("project/.wt/slim"), read("project/haft.lock")], [["esbuild 1.0.0"], lock]);
  }));

Deno.test("a submodule's lock file has nothing of the repository around it, and writes nothing there", () =>
  inWorld(async ({ write, done, locked, git }) => {
    git(".", "init", "-q", "mod");
    write("mod/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
    await done("mod", "sync");
    git("mod", "add", "-A");
    git("mod", "commit", "-qm", "mod");
    git(".", "init", "-q", "sub");
    git("sub", "submodule", "--quiet", "add", "../mod", "mod");
    write("sub/haft.toml", '[tools]\nbiome = "2"\n');
    await done("sub/mod", "sync");
    assertEquals([locked("sub"), locked("sub/mod")], [undefined, ["esbuild 1.0.0"]]);
    assertEquals(await done("sub/mod", "x", "biome"), "biome 2.0.0: |\n");
    git("sub/mod", "diff", "--exit-code");
    await done("sub/mod", "sync", "--locked");
  }));

Deno.test("two levels of outer projects have a lock file each, and the nearest to name a tool decides", () =>
  inWorld(async ({ write, done, locked }) => {
    write("project/haft.toml", '[tools]\nesbuild = "2"\nbiome = "2"\n');
    write("project/a/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
    write("project/a/b/haft.toml", "[tools]\n");
    await done("project/a/b", "sync");
    assertEquals(await done("project/a/b", "x", "esbuild"), "esbuild 1.0.0: |\n");
    assertEquals([locked("project"), locked("project/a"), locked("project/a/b")], [
      ["biome 2.0.0", "esbuild 2.1.0"],
      ["esbuild 1.0.0"],
      undefined,
    ]);
    for (const directory of ["project", "project/a", "project/a/b"]) {
      await done(directory, "sync", "--locked");
      await done(directory, "lock", "--check");
    }
    await done("project/a/b", "remove", "biome");
    assertEquals([locked("project"), locked("project/a")], [["esbuild 2.1.0"], ["esbuild 1.0.0"]]);
  }));

Deno.test("an inner lock file of an older haft with the outer project's tools passes --locked; sync mends it", () =>
  inWorld(async ({ write, done, locked, read }) => {
    write("project/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
    write("project/in/haft.toml", '[tools]\nbiome = "2"\nesbuild = "1.0.0"\n');
    await done("project/in", "sync");
    assertEquals(locked("project/in"), ["biome 2.0.0", "esbuild 1.0.0"]);
    const old = read("project/in/haft.lock");
    write("project/in/haft.toml", '[tools]\nbiome = "2"\n');
    await done("project/in", "sync", "--locked");
    await done("project/in", "lock", "--check");
    assertEquals(read("project/in/haft.lock"), old);
    await done("project/in", "sync");
    assertEquals([locked("project/in"), locked("project")], [["biome 2.0.0"], ["esbuild 1.0.0"]]);
  }));

Deno.test("an outer project's tools come from its own .npmrc, once that is trusted", async () => {
  await using usual = await fakeTools();
  await using theirs = await fakeTools([["biome", "2.1.0"]]);
  await using sandbox = await Sandbox.create({ registry: usual.url });
  const inner = join(sandbox.project, "in");
  mkdirSync(inner);
  sandbox.manifest('[tools]\nbiome = "2"\n');
  writeFileSync(join(sandbox.project, ".npmrc"), `@biomejs:registry=${theirs.url}\n`);
  writeFileSync(join(inner, "haft.toml"), '[tools]\nesbuild = "1"\n');
  const haft = async (cwd: string, ...args: string[]) => {
    const { code, stdout, stderr } = await sandbox.run(binary, { args, cwd });
    assertEquals(code, 0, stderr);
    return stdout + stderr;
  };
  const locks = ["haft.lock", "in/haft.lock"].map((name) => join(sandbox.project, name));
  assertStringIncludes(await haft(inner, "sync"), `.npmrc of "${sandbox.project}" is not trusted`);
  assertEquals(await haft(inner, "x", "biome"), "biome 2.0.0: |\n");
  for (const lock of locks) rmSync(lock);
  await haft(sandbox.project, "trust");
  await haft(inner, "sync");
  assertEquals(await haft(inner, "x", "biome"), "biome 2.1.0: |\n");
  assertEquals(await haft(inner, "x", "esbuild"), "esbuild 1.2.0: |\n");
  for (const cwd of [inner, sandbox.project]) await haft(cwd, "sync", "--locked");
});

Deno.test("the lock of a package's dependencies lies beside the lock file that names it, or nowhere", async () => {
  await using registry = await LoopbackRegistry.start();
  for (const name of ["say", "tell"]) {
    await registry.addPackage({ name, version: "1.0.0", bin: { [name]: "cli.js" } }, {
      "cli.js": { content: "#!/usr/bin/env node\n", mode: 0o755 },
    });
  }
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\n"npm:say" = "1.0.0"\n');
  const inner = join(sandbox.project, "in");
  mkdirSync(inner);
  writeFileSync(join(inner, "haft.toml"), '[tools]\n"npm:tell" = "1.0.0"\n');
  const sync = async (...args: string[]) => {
    const { code, stderr } = await sandbox.run(binary, { args: ["sync", ...args], cwd: inner });
    assertEquals(code, 0, stderr);
  };
  const locks = (directory: string) =>
    existsSync(join(directory, "haft.lock.d")) ? readdirSync(join(directory, "haft.lock.d")).length : 0;
  mkdirSync(join(inner, ".git"));
  await sync();
  assertEquals([locks(sandbox.project), locks(inner)], [0, 1]);
  rmSync(join(inner, ".git"), { recursive: true });
  await sync();
  assertEquals([locks(sandbox.project), locks(inner)], [1, 1]);
  await sync("--locked");
});

Deno.test("a tool of the user's that only another project's lock file chose runs after a sync, and a second has nothing to do", () =>
  inWorld(async ({ write, done, haft, locked, git, sandbox }) => {
    write("project/haft.toml", '[tools]\nbiome = "2"\n');
    await done("project", "sync");
    rmSync(join(sandbox.haftHome, "store"), { recursive: true });
    await done("project", "sync");
    write("home/.tool-versions", "biome 2.0.0\n");
    write("home/clone/haft.toml", '[tasks]\nt = "true"\n');
    git("home/clone", "init", "-q");
    assertEquals((await haft("home/clone", "x", "biome")).code, 1);
    await done("home/clone", "sync");
    assertEquals(await done("home/clone", "x", "biome"), "biome 2.0.0: |\n");
    assertStringIncludes(await done("home/clone", "sync"), "1 tool up to date");
    await done("project", "sync", "--check");
    assertEquals(locked("home/clone"), undefined);
  }));

Deno.test("a home directory that is a link is the user's own, too", () =>
  inWorld(async ({ write, done, locked, sandbox }) => {
    rmSync(join(sandbox.root, "home"), { recursive: true });
    write("real/.tool-versions", "biome 2.0.0\n");
    symlinkSync(join(sandbox.root, "real"), join(sandbox.root, "home"));
    write("real/work/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
    await done("real", "sync");
    await done("real/work", "sync");
    assertEquals([locked("real"), locked("real/work")], [undefined, ["esbuild 1.0.0"]]);
    assertEquals(await done("real/work", "x", "biome"), "biome 2.0.0: |\n");
  }));

Deno.test("haft use --global decides before ~/.tool-versions, below the home directory and beside it", () =>
  inWorld(async ({ write, done, haft, locked, sandbox }) => {
    write("home/.tool-versions", "esbuild 1.0.0\n");
    mkdirSync(join(sandbox.root, "home", "in"));
    await done("home/in", "use", "--global", "esbuild@1.2.0");
    for (const directory of ["home/in", "home", "project"]) {
      assertEquals(await done(directory, "x", "esbuild"), "esbuild 1.2.0: |\n", directory);
      assertStringIncludes(await done(directory, "which", "--why", "esbuild"), 'asks for "1.0.0"');
      await done(directory, "sync", "--locked");
    }
    const config = dirname((await done("home/in", "config", "path")).trim()).slice(sandbox.root.length + 1);
    assertEquals(locked(config), ["esbuild 1.2.0"]);
    await done("home/in", "remove", "--global", "esbuild");
    assertEquals((await haft("home/in", "sync")).code, 0);
    assertEquals(await done("home/in", "x", "esbuild"), "esbuild 1.0.0: |\n");
  }));

Deno.test("a tool of the root that a package overrides fails under its own name, with the reason", () =>
  inWorld(async ({ write, haft, locked }) => {
    write("project/haft.toml", '[tools]\nesbuild = "99"\nbiome = "2"\n');
    write("project/in/haft.toml", '[tools]\nesbuild = "1"\n');
    const { code, stderr, stdout } = await haft("project/in", "sync");
    assertEquals(code, 1);
    assertStringIncludes(stdout + stderr, 'esbuild@99: Unknown version "99" of tool "esbuild"');
    assertEquals([locked("project"), locked("project/in")], [["biome 2.0.0"], ["esbuild 1.2.0"]]);
    const check = await haft("project/in", "sync", "--check");
    assertEquals(check.code, 1);
    assertStringIncludes(check.stdout + check.stderr, "esbuild@99");
    write("project/haft.toml", '[tools]\nesbuild = "1.0.0"\nbiome = "2"\n');
    const mended = await haft("project/in", "sync");
    assertEquals([mended.code, (mended.stdout + mended.stderr).includes("esbuild@")], [0, false]);
    assertEquals(locked("project"), ["biome 2.0.0", "esbuild 1.0.0"]);
  }));

Deno.test({
  name: "an outer directory of another user, and a private .config in it, keep no sync from its own tools",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || !hasProgram("setpriv"),
  fn: () =>
    inWorld(async ({ write, locked, sandbox }) => {
      const at = (name: string) => join(sandbox.root, name);
      write("project/haft.toml", '[tools]\nesbuild = "1.0.0"\n');
      write("project/in/haft.toml", '[tools]\nbiome = "2"\n');
      mkdirSync(at("project/.config/mise/conf.d"), { recursive: true });
      chmodSync(at("project/.config"), 0o700);
      chmodSync(sandbox.root, 0o755);
      for (const name of ["project/in", "home", "run", "tmp"]) chownSync(at(name), OTHER, OTHER);
      copyFileSync(binary.argv[0] ?? "", at("haft-copy"));
      const program = [`--reuid=${OTHER}`, `--regid=${OTHER}`, "--clear-groups", at("haft-copy")];
      const env = { HAFT_HOME: at("home/haft") };
      const run = { name: "binary" as const, argv: ["setpriv", ...program] };
      for (const args of [["sync"], ["sync"], ["x", "biome"], ["x", "esbuild"]]) {
        const { code, stderr } = await sandbox.run(run, { args, cwd: at("project/in"), env });
        assertEquals([args, code], [args, 0], stderr);
        assertEquals(stderr.includes("EACCES"), false, stderr);
      }
      assertEquals([locked("project"), locked("project/in")], [undefined, ["biome 2.0.0"]]);
    }),
});
