import { assertEquals, assertThrows } from "@std/assert";
import * as v from "valibot";
import { HaftError } from "../../../../src/base/errors.ts";
import { InstallConfig } from "../../../../src/protocol/install.ts";
import type { LockedTool } from "../../../../src/tools/locked_tool.ts";
import { type Platform, PLATFORMS } from "../../../../src/tools/platform.ts";
import { installConfig } from "../../../../src/tools/resolve/install_config.ts";
import { excludedBy } from "../../../../src/tools/install/excluded.ts";
import { npmArtifact, sampleLock, toolRequest } from "../lockfile/fixtures.ts";

const lock = sampleLock();

function sample(name: string): LockedTool {
  const tool = lock.tools[name];
  if (tool === undefined) throw new TypeError(name);
  return tool;
}

function config(name: string, platform: Platform, more = {}) {
  const result = installConfig(toolRequest(name, sample(name).request, more), sample(name), {
    platform,
    projectDir: "/p",
    force: false,
    offline: true,
    origin: "locked",
    dependenciesLock: "lock text",
  });
  return v.parse(InstallConfig, result);
}

Deno.test("installConfig() is the whole job of a native tool", () => {
  const more = { options: { quiet: true }, installEnv: { A: "1" } };
  assertEquals(config("biome", "linux-x64-glibc", more), {
    tool_name: "biome",
    version: "2.6.8",
    store_id: "biome",
    platform: "linux-x64-glibc",
    kind: "native",
    artifacts: [{
      artifact: npmArtifact("@biomejs/cli-linux-x64", "2.6.8", "A"),
      format: "tar.gz",
      strip: 1,
      into: "",
    }],
    bin: { biome: "biome" },
    options: { quiet: true },
    install_env: { A: "1" },
    download_url: null,
    integrity: npmArtifact("", "", "A").integrity,
    dependencies_lock: null,
    project_dir: "/p",
    force: false,
    offline: true,
    origin: "locked",
  });
});

Deno.test("installConfig() leaves out the components that the options do not name", () => {
  const node = config("node", "win32-x64", { options: { components: ["corepack"] } });
  assertEquals(node.bin, { node: "node.exe", corepack: "corepack.cmd" });
  const excluded = excludedBy(node.exclude ?? []);
  assertEquals(
    ["lib/node_modules/npm/index.js", "npx.cmd", "lib/node_modules/corepack/shims/npm", "bin/node"]
      .map((path) => excluded?.(path.split("/"))),
    [true, true, false, false],
  );
  assertEquals(config("zig", "linux-x64-glibc", { options: { components: [] } }).artifacts.length, 1);
  assertEquals(
    config("zig", "linux-x64-glibc", { options: { components: ["library"] } }).artifacts.length,
    2,
  );
  assertThrows(
    () => config("node", "win32-x64", { options: { components: ["yarn"] } }),
    HaftError,
    '"node" 22.1.0 has no component "yarn"',
  );
});

Deno.test("excludedBy() knows names at any depth, paths from the root and globs", () => {
  const rows: [pattern: string, path: string, left: boolean][] = [
    ["*.md", "docs/a/README.md", true],
    ["docs", "a/docs/b", true],
    ["/docs", "a/docs/b", false],
    ["docs/", "docs/b", true],
    ["share/**", "share/man/man1/a.1", true],
    ["share/*.txt", "share/a/b.txt", false],
    ["lib/{a,b}", "lib/b/c", true],
    ["lib/[ab]?", "lib/ax", true],
    ["**/test", "a/b/test/c", true],
  ];
  for (const [pattern, path, left] of rows) {
    assertEquals(excludedBy([pattern])?.(path.split("/")), left, `${pattern} ${path}`);
  }
  assertEquals(excludedBy([]), undefined);
});

Deno.test("installConfig() places companions, zip archives, and Windows executables", () => {
  assertEquals(config("zig", "linux-x64-glibc").artifacts.map(({ into }) => into), ["", "lib"]);
  const node = config("node", "win32-x64");
  assertEquals(node.artifacts[0]?.format, "zip");
  assertEquals(node.download_url, "https://nodejs.org/dist/v22.1.0/node-v22.1.0-win-x64.zip");
  assertEquals(node.bin, {
    node: "node.exe",
    npm: "npm.cmd",
    npx: "npx.cmd",
    corepack: "corepack.cmd",
  });
});

Deno.test("installConfig() gives a JavaScript tool to every platform, with its installer's lock", () => {
  for (const platform of PLATFORMS) {
    const result = config("prettier", platform);
    assertEquals([result.kind, result.bin, result.dependencies_lock], ["js", {}, "lock text"]);
    assertEquals(result.artifacts, [{
      artifact: npmArtifact("prettier", "3.0.0", "F"),
      format: "tar.gz",
      strip: 1,
      into: "",
    }]);
  }
});

Deno.test("installConfig() takes the executables of a native npm:NAME from the lock", () => {
  const result = config("npm:@acme/cli", "linux-x64-glibc");
  assertEquals([result.store_id, result.bin], ["npm+@acme+cli", {
    "acme-lint": "bin/lint",
    acme: "bin/acme",
  }]);
});

Deno.test("installConfig() names the platforms there are when this one is missing", () => {
  const error = assertThrows(() => config("node", "linux-x64-musl"), HaftError);
  assertEquals(error.message, '"node" 22.1.0 is not published for linux-x64-musl; it is for win32-x64');
  assertEquals(
    error.next,
    "Choose another version or source, or limit it to other systems with os = […] under [tools] in haft.toml",
  );
});

Deno.test("installConfig() tells a platform that the lock lacks from one that is not published", () => {
  const error = assertThrows(() => config("biome", "win32-arm64"), HaftError);
  assertEquals(
    error.message,
    'haft.lock has "biome" 2.6.8 for linux-x64-glibc, darwin-arm64, but not for win32-arm64',
  );
  assertEquals(error.next, 'Run "haft sync" with a registry that has it, or choose another version');
});

Deno.test("installConfig() refuses a lock entry whose layout nothing describes", () => {
  const { bin: _, ...rest } = sample("npm:@acme/cli");
  const options = {
    platform: "linux-x64-glibc",
    projectDir: "/p",
    force: false,
    offline: false,
    origin: "locked",
    dependenciesLock: null,
  } as const;
  assertThrows(
    () => installConfig(toolRequest("npm:@acme/cli", "1"), rest, options),
    HaftError,
    "in a form that this haft does not know",
  );
});
