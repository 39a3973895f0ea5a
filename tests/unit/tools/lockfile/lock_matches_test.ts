import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { lockMatches, lockState, withRequest } from "../../../../src/tools/lockfile/lock_matches.ts";
import type { Artifact } from "../../../../src/protocol/artifact.ts";
import type { LockedPlatform, LockedTool } from "../../../../src/tools/locked_tool.ts";
import { dependenciesLockPath } from "../../../../src/tools/lockfile/read_lock_file.ts";
import { integrityOfSha256, isIntegrity, strongestIntegrity } from "../../../../src/tools/integrity.ts";
import { npmArtifact, sha512, toolRequest } from "./fixtures.ts";

function locked(request: string, version: string): LockedTool {
  return {
    request,
    version,
    source: "npm",
    kind: "native",
    platforms: { "linux-x64-glibc": [npmArtifact("@biomejs/cli-linux-x64", version)] },
  };
}

/** A lock entry of one artifact. */
function lockedAs(
  artifact: Artifact,
  version: string,
  platform: LockedPlatform = "linux-x64-glibc",
): LockedTool {
  return {
    request: version,
    version,
    source: artifact.kind,
    kind: "native",
    platforms: { [platform]: [artifact] },
  };
}

Deno.test("lockState() keeps, rewords or drops a locked version", () => {
  const rows: [requested: string, locked: LockedTool, expected: string][] = [
    ["^2", locked("^2", "2.1.0"), "same"],
    [" ^2 ", locked("^2", "2.1.0"), "same"],
    ["latest", locked("latest", "2.1.0"), "same"],
    ["2", locked("^2", "2.1.0"), "satisfies"],
    ["2.1.0", locked("^2", "2.1.0"), "satisfies"],
    ["v2.1.0", locked("^2", "2.1.0"), "satisfies"],
    ["2.1.1", locked("^2", "2.1.0"), "stale"],
    ["^3", locked("^2", "2.1.0"), "stale"],
    ["latest", locked("^2", "2.1.0"), "stale"],
    ["next", locked("latest", "2.1.0"), "stale"],
    ["^2", locked("latest", "2.1.0"), "satisfies"],
    // Leaving a pre-release means wanting the release.
    ["^2", locked("2.0.0-beta.1", "2.0.0-beta.1"), "stale"],
    ["^2.0.0-beta.0", locked("2.0.0-beta.1", "2.0.0-beta.1"), "satisfies"],
  ];
  for (const [requested, entry, expected] of rows) {
    const request = toolRequest("biome", requested);
    assertEquals(lockState(request, entry), expected, `${requested} against ${entry.request}`);
    assertEquals(lockMatches(request, entry), expected !== "stale");
  }
});

const nodeUrl = "https://nodejs.org/dist/v22.1.0/node-v22.1.0-linux-x64.tar.gz";
const integrity = sha512("A");

Deno.test("lockState() drops a version from another source", () => {
  const entry = lockedAs({ kind: "http", url: nodeUrl, integrity }, "22.1.0");
  assertEquals(lockState(toolRequest("node", "22.1.0"), entry), "same");
  assertEquals(lockState(toolRequest("node", "22.1.0", { source: "http" }), entry), "same");
  assertEquals(lockState(toolRequest("node", "22.1.0", { source: "npm" }), entry), "stale");
  assertEquals(
    lockState(toolRequest("npm:cowsay", "1.0.0"), lockedAs(npmArtifact("cowsay", "1.0.0"), "1.0.0", "any")),
    "same",
  );
});

// A lock file may be a stranger's: its integrity says what is downloaded, not that it is the tool.
const foreign: [
  what: string,
  tool: string,
  artifact: Artifact,
  version: string,
  platform?: LockedPlatform,
][] = [
  [
    "another host",
    "node",
    { kind: "http", url: nodeUrl.replace("nodejs.org", "evil.example"), integrity },
    "22.1.0",
  ],
  ["plain http", "node", { kind: "http", url: nodeUrl.replace("https", "http"), integrity }, "22.1.0"],
  ["another version's archive", "node", {
    kind: "http",
    url: nodeUrl.replaceAll("22.1.0", "22.0.0"),
    integrity,
  }, "22.1.0"],
  ["another platform's archive", "node", { kind: "http", url: nodeUrl, integrity }, "22.1.0", "darwin-arm64"],
  ["an address for a tool of npm's", "esbuild", { kind: "http", url: nodeUrl, integrity }, "22.1.0"],
  ["another package", "esbuild", npmArtifact("evil-esbuild", "1.2.0"), "1.2.0"],
  ["another version of its package", "esbuild", npmArtifact("@esbuild/linux-x64", "1.1.0"), "1.2.0"],
  [
    "a JavaScript package by another's name",
    "prettier",
    npmArtifact("evil-prettier", "3.0.0"),
    "3.0.0",
    "any",
  ],
  ["a direct package by another's name", "npm:cowsay", npmArtifact("evil-cowsay", "1.0.0"), "1.0.0", "any"],
  [
    "another repository",
    "github:jqlang/jq",
    { kind: "github", repo: "evil/jq", tag: "jq-1.7.1", asset: "jq-linux-amd64", integrity },
    "1.7.1",
  ],
  [
    "an address for a repository's tool",
    "github:jqlang/jq",
    { kind: "http", url: nodeUrl, integrity },
    "22.1.0",
  ],
  [
    "another Python project",
    "pypi:ruff",
    { kind: "pypi", package: "evil", file: "evil-0.1.0-py3-none-manylinux_2_17_x86_64.whl", integrity },
    "0.1.0",
  ],
  [
    "another project's wheel",
    "pypi:ruff",
    { kind: "pypi", package: "ruff", file: "evil-0.1.0-py3-none-manylinux_2_17_x86_64.whl", integrity },
    "0.1.0",
  ],
  [
    "an older wheel of its project",
    "pypi:ruff",
    { kind: "pypi", package: "ruff", file: "ruff-0.0.9-py3-none-manylinux_2_17_x86_64.whl", integrity },
    "0.1.0",
  ],
  [
    "an older version of its module",
    "go:mvdan.cc/sh/v3/cmd/shfmt",
    {
      kind: "go",
      module: "mvdan.cc/sh/v3",
      version: "v3.0.0",
      package: "mvdan.cc/sh/v3/cmd/shfmt",
      integrity: "h1:x",
    },
    "3.1.0",
    "any",
  ],
  [
    "another Go package",
    "go:mvdan.cc/sh/v3/cmd/shfmt",
    {
      kind: "go",
      module: "evil.example/sh",
      version: "v3.0.0",
      package: "evil.example/sh/cmd/shfmt",
      integrity: "h1:x",
    },
    "3.0.0",
    "any",
  ],
  [
    "a module that does not hold its package",
    "go:mvdan.cc/sh/v3/cmd/shfmt",
    {
      kind: "go",
      module: "evil.example/sh",
      version: "v3.0.0",
      package: "mvdan.cc/sh/v3/cmd/shfmt",
      integrity: "h1:x",
    },
    "3.0.0",
    "any",
  ],
];

for (const [what, tool, artifact, version, platform] of foreign) {
  Deno.test(`lockState() drops ${what}, which ${tool} does not have`, () => {
    assertEquals(lockState(toolRequest(tool, version), lockedAs(artifact, version, platform)), "stale");
  });
}

Deno.test("lockState() refuses a tool that haft does not know", () => {
  assertThrows(
    () => lockState(toolRequest("biom", "2"), locked("2", "2.0.0")),
    UsageError,
    'Unknown tool "biom"',
  );
});

Deno.test("withRequest() changes the text and keeps the rest", () => {
  const entry = locked("^2", "2.1.0");
  assertEquals(withRequest(entry, toolRequest("biome", " 2 ")), { ...entry, request: "2" });
  assertEquals(entry.request, "^2");
});

Deno.test("dependenciesLockPath() lies beside haft.lock", () => {
  const path = (id: string, kind: "js" | "python") =>
    dependenciesLockPath("/p/haft.lock", id, kind).replaceAll("\\", "/");
  assertEquals(path("npm+@scope+name", "js"), "/p/haft.lock.d/npm+@scope+name.bun.lock");
  assertEquals(path("pypi+black", "python"), "/p/haft.lock.d/pypi+black.requirements.txt");
});

Deno.test("strongestIntegrity() takes the strongest hash, and none that is broken", () => {
  const sha256 = integrityOfSha256("00".repeat(32));
  const rows: [text: string, expected: string | undefined][] = [
    [sha512("A"), sha512("A")],
    [`sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= ${sha512("A")}`, sha512("A")],
    [`${sha256} ${sha512("A")}`, sha512("A")],
    [`${sha512("A")}?opt`, sha512("A")],
    [sha256, sha256],
    ["sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", undefined],
    ["md5-AAAAAAAAAAAAAAAAAAAAAA==", undefined],
    ["sha512-short", undefined],
    ["sha512-", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of rows) assertEquals(strongestIntegrity(text), expected, text);
});

Deno.test("isIntegrity() accepts one hash of the right length", () => {
  assertEquals(isIntegrity(sha512("A")), true);
  assertEquals(isIntegrity(`sha384-${"A".repeat(64)}`), true);
  for (
    const text of [`${sha512("A")} `, `sha512-${"-".repeat(86)}==`, `sha384-${"A".repeat(60)}`, "sha1-AAAA"]
  ) {
    assertEquals(isIntegrity(text), false, text);
  }
});
