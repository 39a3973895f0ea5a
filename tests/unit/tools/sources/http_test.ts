import { noServices } from "../../../support/artifact_server.ts";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { HaftError } from "../../../../src/base/errors.ts";
import { integrityOfSha256 } from "../../../../src/tools/integrity.ts";
import { parseChecksums, parseVersionIndex } from "../../../../src/tools/sources/http.ts";
import { resolveTool } from "../../../../src/tools/resolve/resolve_tool.ts";
import { toolRequest } from "../lockfile/fixtures.ts";
import { FakeHttp, FakeRegistry } from "./fake_registry.ts";

const INDEX = JSON.stringify([
  { version: "v26.0.0", date: "2026-04-01", files: ["linux-x64"], lts: false },
  { version: "v22.9.0", date: "2024-09-01", files: [], lts: false },
  { version: "v24.1.0", date: "2025-10-01", files: [], lts: "Krypton" },
  { version: "v22.11.0", date: "2024-10-01", files: [], lts: "Jod" },
  { version: "v22.12.0", date: "2024-11-01", files: [], lts: "Jod" },
]);
const BASE = "https://nodejs.org/dist";

function sums(version: string, files: string[]): string {
  return files.map((file, index) => `${String(index).padStart(64, "0")}  node-v${version}-${file}\n`).join(
    "",
  );
}

const FILES = [
  "aix-ppc64.tar.gz",
  "darwin-arm64.tar.gz",
  "darwin-x64.tar.gz",
  "headers.tar.gz",
  "linux-arm64.tar.gz",
  "linux-x64.tar.gz",
  "linux-x64.tar.xz",
  "win-x64.zip",
  "win-arm64.zip",
];

function resolve(http: FakeHttp, version: string) {
  return resolveTool(toolRequest("node", version), { ...noServices, registry: new FakeRegistry({}), http });
}

function mirror(version: string, files = FILES): FakeHttp {
  return new FakeHttp({
    [`${BASE}/index.json`]: INDEX,
    [`${BASE}/v${version}/SHASUMS256.txt`]: sums(version, files),
  });
}

Deno.test("resolveTool() locks node's official archives with their checksums", async () => {
  const locked = await resolve(mirror("22.12.0"), "22");
  assertEquals([locked.version, locked.source, locked.kind], ["22.12.0", "http", "native"]);
  assertEquals(Object.keys(locked.platforms), [
    "linux-x64-glibc",
    "linux-arm64-glibc",
    "darwin-x64",
    "darwin-arm64",
    "win32-x64",
    "win32-arm64",
  ]);
  assertEquals(locked.platforms["linux-x64-glibc"], [{
    kind: "http",
    url: `${BASE}/v22.12.0/node-v22.12.0-linux-x64.tar.gz`,
    integrity: integrityOfSha256(String(5).padStart(64, "0")),
  }]);
  assertEquals(
    locked.platforms["win32-x64"]?.[0]?.kind === "http" && locked.platforms["win32-x64"][0].url,
    `${BASE}/v22.12.0/node-v22.12.0-win-x64.zip`,
  );
});

Deno.test("resolveTool() reads the checksums alone for an exact version, and leaves out what they lack", async () => {
  const http = mirror("22.12.0", ["linux-x64.tar.gz"]);
  const locked = await resolve(http, "v22.12.0");
  assertEquals(http.asked, [`${BASE}/v22.12.0/SHASUMS256.txt`]);
  assertEquals(Object.keys(locked.platforms), ["linux-x64-glibc"]);
});

Deno.test("resolveTool() understands the tags of .nvmrc files", async () => {
  const rows: [tag: string, expected: string][] = [
    ["latest", "26.0.0"],
    ["node", "26.0.0"],
    ["lts", "24.1.0"],
    ["lts/*", "24.1.0"],
    ["lts/jod", "22.12.0"],
    ["lts/Jod", "22.12.0"],
  ];
  for (const [tag, expected] of rows) {
    assertEquals((await resolve(mirror(expected), tag)).version, expected, tag);
  }
});

Deno.test("resolveTool() refuses what node's distribution lacks", async () => {
  const rows: [version: string, http: FakeHttp, message: string, next: string][] = [
    [
      "22.99.0",
      mirror("22.12.0"),
      'Unknown version "22.99.0" of tool "node"',
      'Did you mean "22.12.0" or "26.0.0"?',
    ],
    ["99", mirror("22.12.0"), 'Unknown version "99"', 'Did you mean "26.0.0"?'],
    ["lts/jot", mirror("22.12.0"), 'Unknown tag "lts/jot"', '"lts/jod"'],
    ["22.12.0", mirror("22.12.0", ["headers.tar.gz"]), "no executables", "Choose another version"],
    ["22.11.0", mirror("22.12.0"), "no executables", "Choose another version"],
    ["22", new FakeHttp({ [`${BASE}/index.json`]: 503 }), "the server answered 503", "[mirrors]"],
    ["22", new FakeHttp(), `There is no list of versions at ${BASE}/index.json`, "[mirrors]"],
    [
      "22",
      new FakeHttp({ [`${BASE}/index.json`]: "<html>" }),
      "Cannot read the list of versions",
      "[mirrors]",
    ],
  ];
  for (const [version, http, message, next] of rows) {
    const error = await assertRejects(() => resolve(http, version), HaftError);
    assertStringIncludes(error.message, message);
    assertStringIncludes(error.next ?? "", next);
  }
});

Deno.test("parseVersionIndex() sorts by number and refuses another format", () => {
  assertEquals(parseVersionIndex(INDEX, "u").versions, ["22.9.0", "22.11.0", "22.12.0", "24.1.0", "26.0.0"]);
  for (const text of ["{}", "[1]", '[{"version": 1}]', ""]) {
    assertThrows(() => parseVersionIndex(text, "u"), HaftError, "Cannot read the list of versions at u");
  }
});

Deno.test("parseChecksums() reads sha256sum's text and binary lines, and nothing else", () => {
  const hex = "ab".repeat(32);
  const text = `${hex}  a.tar.gz\n${hex} *b.zip\r\n\n# comment\n${hex}\nxyz  c\n${
    "a".repeat(40)
  }  sha1.tgz\n`;
  assertEquals([...parseChecksums(text)], [["a.tar.gz", integrityOfSha256(hex)], [
    "b.zip",
    integrityOfSha256(hex),
  ]]);
});
