import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { lockMatches, lockState, withRequest } from "../../../../src/tools/lockfile/lock_matches.ts";
import type { LockedTool } from "../../../../src/tools/locked_tool.ts";
import { dependenciesLockPath } from "../../../../src/tools/lockfile/read_lock_file.ts";
import { integrityOfSha256, isIntegrity, strongestIntegrity } from "../../../../src/tools/integrity.ts";
import { npmArtifact, sha512, toolRequest } from "./fixtures.ts";

function locked(request: string, version: string, source: "npm" | "http" = "npm"): LockedTool {
  return {
    request,
    version,
    source,
    kind: "native",
    platforms: { "linux-x64-glibc": [npmArtifact("x", version)] },
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

Deno.test("lockState() drops a version from another source", () => {
  const entry = locked("22", "22.1.0", "http");
  assertEquals(lockState(toolRequest("node", "22"), entry), "same");
  assertEquals(lockState(toolRequest("node", "22", { source: "http" }), entry), "same");
  assertEquals(lockState(toolRequest("node", "22", { source: "npm" }), entry), "stale");
  assertEquals(lockState(toolRequest("npm:cowsay", "1"), locked("1", "1.0.0")), "same");
});

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
  assertEquals(
    dependenciesLockPath("/p/haft.lock", "npm+@scope+name").replaceAll("\\", "/"),
    "/p/haft.lock.d/npm+@scope+name.bun.lock",
  );
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
