import { noServices } from "../../../support/artifact_server.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HaftError } from "../../../../src/base/errors.ts";
import { integrityOfSha256 } from "../../../../src/tools/integrity.ts";
import { listingParser } from "../../../../src/tools/sources/http_documents.ts";
import { checksumOf } from "../../../../src/tools/sources/release_assets.ts";
import type { VersionListing } from "../../../../src/tools/sources/http_entry.ts";
import { resolveTool, versionDates } from "../../../../src/tools/resolve/resolve_tool.ts";
import { toolRequest } from "../lockfile/fixtures.ts";
import { FakeDocuments, FakeRegistry } from "./fake_registry.ts";

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

function resolve(documents: FakeDocuments, version: string) {
  return resolveTool(toolRequest("node", version), {
    ...noServices,
    registry: new FakeRegistry({}),
    documents,
  });
}

function mirror(version: string, files = FILES): FakeDocuments {
  return new FakeDocuments({
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
  const documents = mirror("22.12.0", ["linux-x64.tar.gz"]);
  const locked = await resolve(documents, "v22.12.0");
  assertEquals(documents.asked, [`${BASE}/v22.12.0/SHASUMS256.txt`]);
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

Deno.test("versionDates() are the days of the publisher's own list, and ask for nothing more", async () => {
  const documents = mirror("22.12.0");
  const deps = { ...noServices, registry: new FakeRegistry({}), documents };
  const dates = await versionDates(toolRequest("node", "latest"), deps);
  assertEquals([...dates].slice(0, 2), [["26.0.0", "2026-04-01"], ["22.9.0", "2024-09-01"]]);
  assertEquals(documents.asked, [`${BASE}/index.json`]);
});

Deno.test("resolveTool() refuses what node's distribution lacks", async () => {
  const rows: [version: string, documents: FakeDocuments, message: string, next: string][] = [
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
    ["22", new FakeDocuments({ [`${BASE}/index.json`]: 503 }), "the server answered 503", "Try again later"],
    ["22", new FakeDocuments(), `There is no list of versions at ${BASE}/index.json`, "[mirrors]"],
    [
      "22",
      new FakeDocuments({ [`${BASE}/index.json`]: "<html>" }),
      "Cannot read the list of versions",
      "[mirrors]",
    ],
  ];
  for (const [version, documents, message, next] of rows) {
    const error = await assertRejects(() => resolve(documents, version), HaftError);
    assertStringIncludes(error.message, message);
    assertStringIncludes(error.next ?? "", next);
  }
});

Deno.test("listingParser() reads JSON by a path and a page by its links, sorted, and refuses another format", async () => {
  const url = "https://example.com/list";
  const rows: [text: string, listing: Omit<VersionListing, "url">, versions: string[]][] = [
    [INDEX, { path: "$[*]" }, ["22.9.0", "22.11.0", "22.12.0", "24.1.0", "26.0.0"]],
    ['{"versions":{"1.2.0":{"version":"1.2.0"},"b":{"version":"1.10.0-rc1"}}}', { path: "$.versions[*]" }, [
      "1.2.0",
      "1.10.0-rc1",
    ]],
    ['[{"tag_name":"v1.2.0"},{"tag_name":"v1.3"}]', { path: "$[*].tag_name" }, ["1.2.0", "1.3.0"]],
    [
      `<a href="../">up</a> <A HREF='/tool/1.9.0/'>x</A> <a href=/tool/1.10.0/>y</a> <a href="/tool/new/">z</a>`,
      { match: "/tool/(?<version>[^/]+)/$" },
      ["1.9.0", "1.10.0"],
    ],
    // What could lead an address elsewhere is no version.
    ['["1.0.0", "1.1.0/../../x", "2.0.0+a/b"]', { path: "$[*]" }, ["1.0.0"]],
  ];
  for (const [text, listing, versions] of rows) {
    assertEquals((await listingParser({ url, ...listing }))(text).versions, versions, text);
  }
  for (const text of ["{}", "[1]", '[{"version": 1}]', "", "[]", "7"]) {
    await assertRejects(
      async () => (await listingParser({ url, path: "$[*]" }))(text),
      HaftError,
      `Cannot read the list of versions at ${url}`,
    );
  }
});

Deno.test("listingParser() keeps the latest revision of a version, with the groups that templates need", async () => {
  const text = '["/20250101/tool-1.2.3", "/20260101/tool-1.2.3", "/20240101/tool-1.2.3"]';
  const listing = { url: "u", path: "$[*]", match: "/(?<date>\\d+)/tool-(?<version>.+)$" };
  assertEquals((await listingParser(listing))(text).facts.get("1.2.3"), {
    date: "20260101",
    version: "1.2.3",
  });
});

Deno.test("checksumOf() reads sha256sum's text and binary lines, and nothing else", () => {
  const hex = "ab".repeat(32);
  const text = `${hex}  a.tar.gz\n${hex} *b.zip\r\n\n# comment\n${hex}\nxyz  c\n${
    "a".repeat(40)
  }  sha1.tgz\n`;
  assertEquals(["a.tar.gz", "b.zip", "c", "sha1.tgz"].map((file) => checksumOf(text, file)), [
    hex,
    hex,
    undefined,
    undefined,
  ]);
});
