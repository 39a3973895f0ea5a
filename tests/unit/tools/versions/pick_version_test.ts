import { assertEquals } from "@std/assert";
import {
  isStableVersion,
  pickVersion,
  sortVersions,
  versionSatisfies,
} from "../../../../src/tools/versions/pick_version.ts";
import { parseVersionRequest } from "../../../../src/tools/versions/version_request.ts";

function pick(request: string, versions: string[]): string | undefined {
  const parsed = parseVersionRequest(request);
  if (parsed.kind !== "range") throw new TypeError(`${request} is not a range`);
  return pickVersion(versions, parsed.range);
}

// Unordered, as registries list them, with one text that is no version.
const VERSIONS = [
  "2.10.0",
  "1.9.0",
  "2.9.1",
  "1.10.0",
  "0.3.9",
  "0.3.10",
  "0.4.0",
  "3.0.0-beta.2",
  "2.9.10",
  "3.0.0-beta.10",
  "not-a-version",
];

Deno.test("pickVersion() takes the newest version inside the range, by number", () => {
  const rows: [request: string, expected: string | undefined][] = [
    ["2", "2.10.0"],
    ["2.9", "2.9.10"],
    ["2.9.x", "2.9.10"],
    ["^2.9.0", "2.10.0"],
    ["~2.9.0", "2.9.10"],
    ["^0.3.1", "0.3.10"],
    ["^0", "0.4.0"],
    ["1", "1.10.0"],
    [">=1 <2", "1.10.0"],
    ["1.9.0 - 2.9.1", "2.9.1"],
    ["<1", "0.4.0"],
    ["^1 || ^0.3.0", "1.10.0"],
    ["*", "2.10.0"],
    ["5", undefined],
    ["2.11", undefined],
  ];
  for (const [request, expected] of rows) assertEquals(pick(request, VERSIONS), expected, request);
});

Deno.test("pickVersion() takes a pre-release only when it is named or when nothing else is published", () => {
  const rows: [request: string, versions: string[], expected: string | undefined][] = [
    ["*", VERSIONS, "2.10.0"],
    [">=2", VERSIONS, "2.10.0"],
    ["3", VERSIONS, "3.0.0-beta.10"],
    ["^3.0.0-beta.1", VERSIONS, "3.0.0-beta.10"],
    ["^3.0.0-beta.1", [...VERSIONS, "3.1.0"], "3.1.0"],
    ["3", [...VERSIONS, "3.0.0"], "3.0.0"],
    ["7", ["7.0.0-dev.20260101.1", "7.0.0-dev.20260707.2"], "7.0.0-dev.20260707.2"],
    ["*", ["7.0.0-dev.20260101.1", "7.0.0-dev.20260707.2"], "7.0.0-dev.20260707.2"],
    ["6", ["7.0.0-dev.20260101.1"], undefined],
  ];
  for (const [request, versions, expected] of rows) assertEquals(pick(request, versions), expected, request);
});

Deno.test("versionSatisfies() accepts what the request could have chosen", () => {
  const rows: [request: string, version: string, expected: boolean][] = [
    ["1.2.3", "1.2.3", true],
    ["v1.2.3", "1.2.3", true],
    ["1.2.3", "1.2.4", false],
    ["1.2.3", "1.2.3-rc.1", false],
    ["1", "1.9.9", true],
    ["1", "2.0.0", false],
    ["^0.3", "0.3.9", true],
    ["^0.3", "0.4.0", false],
    ["7", "7.0.0-dev.1", true],
    ["^2.0.0-beta.1", "2.0.0-beta.3", true],
    ["^2.0.0-beta.1", "2.1.0-alpha.1", false],
    ["latest", "1.2.3", false],
    ["", "1.2.3", false],
    ["1", "nonsense", false],
  ];
  for (const [request, version, expected] of rows) {
    assertEquals(versionSatisfies(request, version), expected, `${request} ${version}`);
  }
});

Deno.test("sortVersions() orders by number, oldest first, and drops what is no version", () => {
  assertEquals(sortVersions(VERSIONS), [
    "0.3.9",
    "0.3.10",
    "0.4.0",
    "1.9.0",
    "1.10.0",
    "2.9.1",
    "2.9.10",
    "2.10.0",
    "3.0.0-beta.2",
    "3.0.0-beta.10",
  ]);
});

Deno.test("isStableVersion() is false for pre-releases and for text that is no version", () => {
  assertEquals(["1.0.0", "1.0.0-rc.1", "x"].map(isStableVersion), [true, false, false]);
});
