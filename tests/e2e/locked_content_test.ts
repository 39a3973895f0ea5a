/**
 * All projects share one store; what runs in one is what its lock file says, whatever another has put there.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools, publishTool } from "./fake_tools.ts";
import { binary, type RunResult, Sandbox } from "./support.ts";

interface Projects {
  sandbox: Sandbox;
  good: string;
  evil: string;
  run: (cwd: string, ...args: string[]) => Promise<RunResult>;
}

/**
 * Two projects of one user: the good one uses the user's own registry, the evil one its own, and was trusted.
 */
async function twoProjects(
  { own, evil: strangers }: { own: LoopbackRegistry; evil: LoopbackRegistry },
  tools: string,
  test: (projects: Projects) => Promise<void>,
): Promise<void> {
  await using sandbox = await Sandbox.create({ registry: "" });
  writeFileSync(join(sandbox.root, "home", ".npmrc"), `registry=${own.url}\n`);
  const [good, evil] = [join(sandbox.root, "good"), join(sandbox.root, "evil")];
  for (const project of [good, evil]) {
    mkdirSync(project);
    writeFileSync(join(project, "haft.toml"), `[tools]\n${tools}`);
  }
  writeFileSync(join(evil, ".npmrc"), `registry=${strangers.url}\n`);
  const run = (cwd: string, ...args: string[]) =>
    sandbox.run(binary, { args, cwd, env: { npm_config_registry: "" } });
  try {
    assertEquals((await run(evil, "trust")).code, 0);
    await test({ sandbox, good, evil, run });
  } finally {
    await run(good, "daemon", "stop");
  }
}

/** A registry with another esbuild under the same version. */
async function evilTools(): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  await publishTool(registry, { tool: "esbuild", version: "1.0.0", script: "#!/bin/sh\necho evil\n" });
  return registry;
}

Deno.test("a tool that another project put into the store does not run where the lock file says otherwise", async () => {
  await using own = await fakeTools();
  await using strangers = await evilTools();
  await twoProjects({ own, evil: strangers }, 'esbuild = "1.0.0"\n', async ({ sandbox, good, evil, run }) => {
    const sync = async (project: string, ...flags: string[]) => {
      const { code, stderr } = await run(project, "sync", ...flags);
      assertEquals(code, 0, stderr);
    };
    await sync(good);
    writeFileSync(join(good, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n[tasks]\nbuild = "esbuild"\n');
    await run(good, "trust");
    const shim = join(sandbox.haftHome, "shims", "esbuild");
    const viaShim = () =>
      sandbox.shell(
        binary,
        `cd ${good}; export npm_config_registry=; PATH="${sandbox.haftHome}/shims:$PATH"; esbuild`,
      );
    // Warms the caches of exec and of the shim.
    for (let time = 0; time < 3; time++) {
      assertEquals((await run(good, "x", "esbuild")).stdout, "esbuild 1.0.0: |\n");
      assertStringIncludes((await viaShim()).stdout, "esbuild 1.0.0: ");
    }
    assertEquals(existsSync(shim), true);
    const before =
      (await run(good, "ipc-send", "runtime.resolve", JSON.stringify({ runtime: "esbuild", cwd: good })))
        .code;
    assertEquals(before, 0);

    // Each has its own beside the other's: nothing is installed again, and nothing that runs loses its files.
    await sync(evil);
    const installed = await run(good, "ls", "--installed");
    assertEquals(installed.stdout.match(/^esbuild +1\.0\.0 /gm)?.length, 2, installed.stdout);
    for (let time = 0; time < 2; time++) {
      for (const project of [evil, good]) {
        const again = await run(project, "sync", "--locked");
        assertEquals([again.code, again.stdout.includes("1 tool up to date")], [0, true], again.stdout);
        const says = project === evil ? "evil\n" : "esbuild 1.0.0: |\n";
        assertEquals((await run(project, "x", "esbuild")).stdout, says);
      }
      assertStringIncludes((await viaShim()).stdout, "esbuild 1.0.0: ");
      assertStringIncludes((await run(good, "task", "run", "build")).stdout, "esbuild 1.0.0: ");
    }

    // Of a version that is in use, prune takes what no project runs.
    const store = join(sandbox.haftHome, "store", "esbuild");
    assertEquals((await run(good, "prune", "--json")).stdout, "[]\n");
    const lock = readFileSync(join(evil, "haft.lock"), "utf8");
    rmSync(join(evil, "haft.lock"));
    writeFileSync(join(evil, "haft.toml"), "");
    assertEquals(readdirSync(store).length, 2);
    assertEquals(JSON.parse((await run(good, "prune", "--json")).stdout).length, 1);
    assertEquals(readdirSync(store).length, 1);
    assertEquals((await run(good, "x", "esbuild")).stdout, "esbuild 1.0.0: |\n");
    writeFileSync(join(evil, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
    writeFileSync(join(evil, "haft.lock"), lock);
    await sync(evil, "--locked");

    const removed = await run(good, "uninstall", "esbuild");
    assertEquals(removed.stdout, "Removed esbuild 1.0.0 (2 installations)\n");
    await sync(evil);
    assertEquals((await run(evil, "x", "esbuild")).stdout, "evil\n");

    for (const args of [["x", "esbuild"], ["which", "esbuild"]]) {
      const { code, stdout, stderr } = await run(good, ...args);
      assertEquals([code, stdout], [1, ""], args.join(" "));
      assertStringIncludes(stderr, "esbuild 1.0.0 is not run: what is installed is not what haft.lock says");
      assertStringIncludes(stderr, 'Run "haft sync"');
    }
    const shimmed = await viaShim();
    assertEquals([shimmed.code, shimmed.stdout], [1, ""], shimmed.stderr);
    assertEquals((await run(good, "env", "--json")).stdout.includes("store/esbuild"), false);
    const request = JSON.stringify({ runtime: "esbuild", cwd: good });
    assertEquals((await run(good, "ipc-send", "runtime.resolve", request)).code, 4);
    assertEquals((await run(good, "task", "run", "build")).stdout.includes("evil"), false);
    const check = await run(good, "sync", "--check");
    assertEquals(check.code, 1);
    assertStringIncludes(check.stdout + check.stderr, "differs from the lock file");

    await sync(good, "--locked");
    assertEquals((await run(good, "x", "esbuild")).stdout, "esbuild 1.0.0: |\n");
    assertEquals((await run(evil, "x", "esbuild")).stdout, "evil\n");
  });
});

Deno.test("without a lock file, only what haft chose from the user's own sources runs", async () => {
  await using own = await fakeTools();
  await using strangers = await evilTools();
  await twoProjects({ own, evil: strangers }, 'esbuild = "1.0.0"\n', async ({ good, evil, run }) => {
    assertEquals((await run(evil, "sync")).code, 0);
    for (const args of [["x", "esbuild"], ["which", "esbuild"]]) {
      const { code, stdout, stderr } = await run(good, ...args);
      assertEquals([code, stdout], [1, ""], args.join(" "));
      assertStringIncludes(stderr, "is not run: the lock file of another project chose it");
      assertStringIncludes(
        stderr,
        'Run "haft sync", which installs what this project asks for, and writes its haft.lock',
      );
    }
    const listed = await run(good, "ls");
    assertStringIncludes(listed.stdout, "not run");
    assertStringIncludes(listed.stderr, "Note: esbuild 1.0.0 is not run: the lock file of another project");
    // A version that is named is fetched from the user's own registry.
    assertEquals((await run(good, "x", "esbuild@1.0.0")).stdout, "esbuild 1.0.0: |\n");
    assertEquals((await run(good, "x", "esbuild")).stdout, "esbuild 1.0.0: |\n");
  });
});

Deno.test("without a lock file, a newer version that another project's lock file chose is passed over aloud", async () => {
  await using own = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: own.url });
  const [locked, open] = [join(sandbox.root, "locked"), join(sandbox.root, "open")];
  const run = (cwd: string, ...args: string[]) => sandbox.run(binary, { args, cwd });
  for (const project of [locked, open]) {
    mkdirSync(project);
    writeFileSync(join(project, "haft.toml"), '[tools]\nesbuild = "1"\n');
  }
  assertEquals((await run(open, "install", "esbuild@1.0.0")).code, 0);
  assertEquals((await run(locked, "lock")).code, 0);
  assertEquals((await run(locked, "sync", "--locked")).code, 0);
  const why =
    "esbuild 1.0.0 runs, not 1.2.0: the lock file of another project chose it, and no lock file of this " +
    'project names it; "haft sync" installs what this project asks for, and writes its haft.lock';
  assertEquals((await run(open, "daemon", "start")).code, 0);
  try {
    const exec = await run(open, "x", "esbuild");
    assertEquals([exec.stdout, exec.stderr], ["esbuild 1.0.0: |\n", `Note: ${why}\n`]);
    assertEquals((await run(open, "ls")).stderr, `Note: ${why}\n`);
    assertStringIncludes((await run(open, "which", "esbuild", "--why")).stdout, `\n  ${why}\n`);
    assertEquals((await run(open, "lock")).code, 0);
    const after = await run(open, "x", "esbuild");
    assertEquals([after.stdout, after.stderr], ["esbuild 1.2.0: |\n", ""]);
  } finally {
    await run(open, "daemon", "stop");
  }
});

Deno.test("a lock file of a stranger's cannot give a tool's name to another package for everybody", async () => {
  await using own = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: own.url });
  const [good, evil] = [join(sandbox.root, "good"), join(sandbox.root, "evil")];
  const run = (cwd: string, ...args: string[]) => sandbox.run(binary, { args, cwd });
  for (const project of [good, evil]) {
    mkdirSync(project);
    writeFileSync(join(project, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
  }
  assertEquals((await run(evil, "sync")).code, 0);
  await run(evil, "uninstall", "esbuild", "--all");
  const lock = join(evil, "haft.lock");
  const strange = await own.addPackage({ name: "strange", version: "1.0.0" }, {
    "bin/esbuild": { content: "#!/bin/sh\necho strange\n", mode: 0o755 },
    "esbuild.exe": { content: "strange" },
  });
  writeFileSync(
    lock,
    readFileSync(lock, "utf8").replaceAll(
      /\{ npm = "[^"]+", integrity = "[^"]+" \}/g,
      `{ npm = "strange@1.0.0", integrity = "${strange.integrity}" }`,
    ),
  );
  const before = own.requests.length;
  const refused = await run(evil, "sync", "--locked");
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertStringIncludes(refused.stderr, `"${lock}" would change: esbuild (locked from another source)`);
  assertStringIncludes(refused.stderr, 'Run "haft sync" without --locked');
  assertEquals((await run(evil, "sync", "--check")).code, 1);
  for (const project of [evil, good]) {
    const { code, stdout } = await run(project, "x", "esbuild");
    assertEquals([code, stdout], [1, ""]);
  }
  assertEquals(own.requests.slice(before), []);
  // The user's own registry decides in both, and the lock is written anew.
  for (const project of [good, evil]) {
    const { code, stderr } = await run(project, "sync");
    assertEquals(code, 0, stderr);
    assertEquals((await run(project, "x", "esbuild")).stdout, "esbuild 1.0.0: |\n");
  }
  assertEquals(own.requests.some((request) => JSON.stringify(request).includes("strange")), false);
  assertEquals(readFileSync(lock, "utf8").includes("strange"), false);
});

Deno.test("a lock file cannot give the name of a native package outside the catalogue to another's program", async () => {
  await using own = await LoopbackRegistry.start();
  await using sandbox = await Sandbox.create({ registry: own.url });
  const run = (...args: string[]) => sandbox.run(binary, { args });
  for (const [name, says] of [["thing", "thing"], ["strange", "strange"]]) {
    const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
    for (const platform of platforms) {
      const [os = "", cpu = ""] = platform.split("-");
      await own.addPackage(
        { name: `${name}-${platform}`, version: "1.0.0", os: [os], cpu: [cpu], bin: { thing: "bin/thing" } },
        { "bin/thing": { content: `#!/bin/sh\necho ${says}\n`, mode: 0o755 } },
      );
    }
    await own.addPackage({
      name: name ?? "",
      version: "1.0.0",
      bin: { thing: "thing.js" },
      optionalDependencies: Object.fromEntries(platforms.map((platform) => [`${name}-${platform}`, "1.0.0"])),
    }, { "thing.js": CLI });
  }
  sandbox.manifest('[tools]\n"npm:strange" = "1.0.0"\n');
  assertEquals((await run("sync")).code, 0);
  const lock = join(sandbox.project, "haft.lock");
  const strange = readFileSync(lock, "utf8");
  await run("uninstall", "npm:strange");
  rmSync(lock);
  sandbox.manifest('[tools]\n"npm:thing" = "1.0.0"\n');
  assertEquals((await run("sync")).code, 0);
  assertEquals((await run("x", "thing")).stdout, "thing\n");
  await run("uninstall", "npm:thing");
  assertEquals((await run("sync", "--locked")).code, 0);
  await run("uninstall", "npm:thing");

  writeFileSync(lock, strange.replaceAll('"npm:strange"', '"npm:thing"'));
  assertStringIncludes(readFileSync(lock, "utf8"), "strange-linux-x64@1.0.0");
  for (const flags of [[], ["--locked"]]) {
    const { code, stdout, stderr } = await run("sync", ...flags);
    assertEquals(code, 1, stdout);
    assertStringIncludes(stdout + stderr, 'for "npm:thing" 1.0.0, which is not its package');
  }
  const { code, stdout } = await run("x", "thing");
  assertEquals([code, stdout], [1, ""]);
  assertEquals(sandbox.installed(), []);
});

const CLI = { content: "#!/usr/bin/env node\nconsole.log(require('dep'));\n", mode: 0o755 };

async function withDependency(says: string): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  await registry.addPackage(
    { name: "say", version: "1.0.0", bin: { say: "cli.js" }, dependencies: { dep: "1" } },
    { "cli.js": CLI },
  );
  await registry.addPackage({ name: "dep", version: "1.0.0", main: "index.js" }, {
    "index.js": `module.exports = "${says}";\n`,
  });
  return registry;
}

Deno.test("a dependency that another project put into a package's installation does not run either", async () => {
  await using own = await withDependency("good");
  await using strangers = await withDependency("evil");
  await twoProjects({ own, evil: strangers }, '"npm:say" = "1.0.0"\n', async ({ good, evil, run }) => {
    const first = await run(good, "sync");
    assertEquals(first.code, 0, first.stderr);
    const dependencies = join(good, "haft.lock.d", "npm+say.bun.lock");
    assertEquals(existsSync(dependencies), true);
    assertEquals((await run(good, "x", "say")).stdout, "good\n");

    const forced = await run(evil, "sync", "--force");
    assertEquals(forced.code, 0, forced.stderr);
    for (let time = 0; time < 2; time++) {
      for (const project of [evil, good]) {
        const again = await run(project, "sync", "--locked");
        assertEquals([again.code, again.stdout.includes("1 tool up to date")], [0, true], again.stdout);
        const says = project === evil ? "evil\n" : "good\n";
        assertEquals((await run(project, "x", "say")).stdout, says);
      }
    }

    await run(good, "uninstall", "npm:say");
    assertEquals((await run(evil, "sync")).code, 0);
    assertEquals((await run(evil, "x", "say")).stdout, "evil\n");
    const refused = await run(good, "x", "say");
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertStringIncludes(refused.stderr, "what is installed is not what haft.lock says");
    assertEquals((await run(good, "sync", "--check")).code, 1);
    const locked = await run(good, "sync", "--locked");
    assertEquals(locked.code, 0, locked.stderr);
    assertEquals((await run(good, "x", "say")).stdout, "good\n");

    // Without its lock of dependencies, another project's choice is no better.
    rmSync(dependencies);
    await run(good, "uninstall", "npm:say");
    assertEquals((await run(evil, "sync", "--force")).code, 0);
    assertEquals((await run(good, "x", "say")).code, 1);
    const chosen = await run(good, "sync");
    assertEquals(chosen.code, 0, chosen.stderr);
    assertEquals((await run(good, "x", "say")).stdout, "good\n");
    assertEquals(existsSync(dependencies), true);
  });
});

Deno.test("a project whose own sources were trusted runs what came from them without a lock entry, others get their own", async () => {
  await using own = await fakeTools();
  await using strangers = await evilTools();
  await twoProjects({ own, evil: strangers }, "", async ({ good, evil, run }) => {
    const there = await run(evil, "x", "--install", "esbuild@1.0.0");
    assertEquals(there.stdout, "evil\n", there.stderr);
    assertEquals((await run(evil, "x", "esbuild@1.0.0")).stdout, "evil\n");
    // A version that is asked for by hand comes from the user's own sources.
    assertEquals((await run(good, "x", "esbuild@1.0.0")).stdout, "esbuild 1.0.0: |\n");
    assertEquals((await run(evil, "x", "esbuild@1.0.0")).stdout, "evil\n");
  });
});
