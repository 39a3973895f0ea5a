import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Github } from "../support/github_server.ts";
import { binary, Sandbox } from "./support.ts";

function script(says: string): Uint8Array {
  return new TextEncoder().encode(`#!/bin/sh\necho "${says} $LEVEL"\n`);
}

function started(): Promise<Github> {
  return Github.start("owner/acme", {
    "v1.1.0": [{ name: "acme-linux-x64", bytes: script("old") }],
    "v1.2.0": [
      { name: "acme-linux-x64", bytes: script("first") },
      { name: "other-linux-x64", bytes: script("second") },
    ],
  });
}

const FIRST = '{ source = "github", repo = "owner/acme", asset = "acme-*", executable = "acme" }';
const SECOND = '{ source = "github", repo = "owner/acme", asset = "other-*", executable = "acme" }';

function manifest(source: string, more = ""): string {
  return `[tools]\nmytool = "1"\n\n[catalogue.mytool]\ndescription = "Ours"\n${more}sources = [${source}]\n`;
}

Deno.test("[catalogue.mytool]: every command knows the tool, and its definition decides what is installed", async () => {
  await using github = await started();
  await using sandbox = await Sandbox.create();
  const haft = (args: string[], cwd = sandbox.project) => sandbox.run(binary, { args, cwd, env: github.env });
  sandbox.manifest(manifest(FIRST, 'aliases = ["my-tool"]\n'));
  const sync = await haft(["sync"]);
  assertEquals(sync.code, 0, sync.stderr);
  assertEquals((await haft(["x", "acme"])).stdout, "first \n");
  assertMatch(
    lockOf(sandbox.project),
    /\[tools\.mytool\]\n.*\n.*\nsource = "github"\ndefinition = "[0-9a-f]{32}"/,
  );

  const info = JSON.parse((await haft(["info", "acme", "--json"])).stdout);
  assertEquals([info.tool, info.description, info.latest, info.installed, info.executables], [
    "mytool",
    "Ours",
    "1.2.0",
    ["1.2.0"],
    ["acme"],
  ]);
  assertEquals(info.defined_in, join(sandbox.project, "haft.toml"));
  assertMatch((await haft(["search", "mytool"])).stdout, /^mytool +Ours +github\n$/);
  assertEquals((await haft(["ls-remote", "my-tool"])).stdout, "1.1.0\n1.2.0\n");
  assertEquals((await haft(["x", "mytool@1.1"])).stdout, "old \n");
  const use = await haft(["use", "mytool@1.1"]);
  assertEquals(use.code, 0, use.stderr);
  assertEquals((await haft(["x", "acme"])).stdout, "old \n");

  // Another project's definition of the name is another tool, even of one version.
  const other = join(sandbox.root, "other");
  mkdirSync(other);
  writeFileSync(join(other, "haft.toml"), manifest(SECOND));
  assertEquals((await haft(["sync"], other)).code, 0);
  assertEquals((await haft(["x", "acme"], other)).stdout, "second \n");
  assertEquals((await haft(["x", "acme"])).stdout, "old \n");

  // A changed definition is resolved and installed anew, and --locked says so.
  sandbox.manifest(manifest(SECOND));
  const locked = await haft(["sync", "--locked"]);
  assert(locked.code !== 0);
  assertStringIncludes(locked.stderr, "its definition in [catalogue] is another one");
  assertEquals((await haft(["sync"])).code, 0);
  assertEquals((await haft(["x", "acme"])).stdout, "second \n");
});

Deno.test("[catalogue]: the user's own definitions and an outer directory's count, the nearest first", async () => {
  await using github = await started();
  await using sandbox = await Sandbox.create();
  const config = join(sandbox.haftHome, "config");
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, "config.toml"), `[catalogue.mytool]\nsources = [${FIRST}]\n`);
  const inner = join(sandbox.project, "inner");
  mkdirSync(inner);
  const haft = (args: string[], cwd = sandbox.project) => sandbox.run(binary, { args, cwd, env: github.env });
  writeFileSync(join(sandbox.project, ".tool-versions"), "mytool 1.2.0\n");
  assertEquals((await haft(["sync"])).code, 0);
  assertEquals((await haft(["x", "acme"])).stdout, "first \n");
  sandbox.manifest(`[catalogue.mytool]\nsources = [${SECOND}]\n`);
  writeFileSync(join(inner, "haft.toml"), '[tools]\nmytool = "1"\n');
  const sync = await haft(["sync"], inner);
  assertEquals(sync.code, 0, sync.stderr);
  assertEquals((await haft(["x", "acme"], inner)).stdout, "second \n");
});

Deno.test("[catalogue]: a definition may be a name with its source, and replaces haft's own tool only when it says so", async () => {
  await using github = await started();
  await using sandbox = await Sandbox.create();
  const haft = (args: string[]) => sandbox.run(binary, { args, env: github.env });
  const jq = (more: string) =>
    `[tools]\njq = "1"\n\n[catalogue.jq]\n${more}sources = ["github:owner/acme"]\n`;
  sandbox.manifest(jq(""));
  const check = await haft(["check"]);
  assertEquals(check.code, 1);
  assertMatch(
    check.stdout,
    /^haft\.toml:4:\d+: key "catalogue\.jq" takes the name of "jq", which haft has in its own catalogue\n/,
  );
  assertStringIncludes(check.stdout, "override = true");
  assert((await haft(["sync"])).code !== 0);
  sandbox.manifest(jq("override = true\n"));
  assertMatch((await haft(["check"])).stdout, /is valid/);
  const info = JSON.parse((await haft(["info", "jq", "--offline", "--json"])).stdout);
  assertEquals(info.sources, [{ source: "github", from: "owner/acme" }]);
});

Deno.test("haft check shows where a definition is wrong", async () => {
  await using sandbox = await Sandbox.create();
  const rows: [text: string, message: RegExp][] = [
    [
      "[catalogue.mytool]\nsources = []\n",
      /^haft\.toml:2:\d+: key "catalogue\.mytool\.sources" must be at least one/,
    ],
    [
      '[catalogue.mytool]\nsources = ["npmm:x"]\n',
      /^haft\.toml:2:\d+: key "catalogue\.mytool\.sources\.0" must be/,
    ],
    [
      '[catalogue.mytool]\nsources = [{ source = "github", repo = "none" }]\n',
      /^haft\.toml:2:\d+: key "catalogue\.mytool\.sources\.0\.repo" must be OWNER\/NAME/,
    ],
    [
      '[catalogue.mytool]\nsources = [{ source = "github", rpo = "a/b" }]\n',
      /^haft\.toml:2:\d+: key "catalogue\.mytool\.sources\.0\.(rpo|repo)"/,
    ],
    [
      '[catalogue.mytool]\ndescription = "x"\n',
      /^haft\.toml:1:\d+: key "catalogue\.mytool\.sources" is missing/,
    ],
    [
      '[catalogue."My Tool"]\nsources = ["npm:x"]\n',
      /^haft\.toml:1:\d+: key "catalogue\.My Tool" must be a tool's name/,
    ],
  ];
  for (const [text, message] of rows) {
    sandbox.manifest(text);
    const { code, stdout } = await sandbox.run(binary, { args: ["check"] });
    assertEquals(code, 1, text);
    assertMatch(stdout, message);
  }
});

Deno.test("[catalogue]: variables that a project's definition sets count after trust, and its names hide no command", async () => {
  await using github = await started();
  await using sandbox = await Sandbox.create();
  const haft = (args: string[]) => sandbox.run(binary, { args, env: github.env });
  const builds = (env: string) =>
    `{ source = "npm", versions = "acme", builds = [{ kind = "native", package = "acme-{platform}", strip = 1, ` +
    `platforms = { linux-x64-glibc = "linux-x64" }, bin = { acme = "acme" }${env} }] }`;
  sandbox.manifest(manifest(builds(', env = { LEVEL = "high" }')));
  const sync = await haft(["sync"]);
  assert(sync.code !== 0);
  assertStringIncludes(sync.stderr, "not trusted");
  assertStringIncludes((await haft(["trust"])).stdout, 'catalogue.mytool.env.LEVEL = "high"');

  sandbox.manifest(manifest(FIRST.replace('executable = "acme"', 'executable = "git"')));
  const hiding = await haft(["sync"]);
  assertEquals(hiding.code, 0, hiding.stderr);
  assertStringIncludes(hiding.stderr, 'no shim for "git" (mytool)');
});

function lockOf(project: string): string {
  return readFileSync(join(project, "haft.lock"), "utf8");
}
