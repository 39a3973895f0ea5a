import { assertEquals } from "@std/assert";
import { builtInCatalogue } from "../../../../src/tools/catalogue/catalogue.ts";
import { parseManifest } from "../../../../src/tools/manifest/parse_manifest.ts";
import { setToolSource, setToolVersion } from "../../../../src/tools/manifest/set_tool_version.ts";

const manifest = `# The tools of this project.

[tools]
node = "20"   # LTS
"npm:prettier" = "3" # formats

# Only for the docs.
[tools.zig]
version = "0.13"   # pinned
os = ["linux"]

[env]
NAME = "value"  # stays
`;

Deno.test("setToolVersion() changes one value and nothing else", async () => {
  assertEquals(await setToolVersion(manifest, "node", "22"), manifest.replace('node = "20"', 'node = "22"'));
  assertEquals(
    await setToolVersion(manifest, "npm:prettier", "^3.1"),
    manifest.replace('"npm:prettier" = "3"', '"npm:prettier" = "^3.1"'),
  );
});

Deno.test("setToolVersion() keeps the rest of a tool's table", async () => {
  const text = await setToolVersion(manifest, "zig", "0.14");
  assertEquals(text, manifest.replace('version = "0.13"', 'version = "0.14"'));
});

Deno.test("setToolVersion() adds a tool, and keeps every comment", async () => {
  for (const before of [manifest, "# empty\n", '[tools]\nnode = "20"\n', '[env]\nA = "1"\n']) {
    for (const name of ["deno", "npm:@scope/cli"]) {
      const after = await setToolVersion(before, name, "2");
      const { requests } = parseManifest(after, "haft.toml", builtInCatalogue);
      assertEquals(requests.find((request) => request.name === name)?.version, "2");
      assertEquals(requests.length, parseManifest(before, "haft.toml", builtInCatalogue).requests.length + 1);
      for (const comment of before.match(/#.*$/gm) ?? []) assertEquals(after.includes(comment), true, after);
    }
  }
});

Deno.test("setToolSource() gives a tool of one value a table, and adds to a table, keeping every comment", async () => {
  const node = await setToolSource(manifest, "node", "npm");
  assertEquals(
    node,
    manifest.replace('node = "20"   # LTS', 'node = {version = "20", source = "npm"}   # LTS'),
  );
  const zig = await setToolSource(manifest, "zig", "pypi");
  assertEquals(
    parseManifest(zig, "haft.toml", builtInCatalogue).requests.find(({ name }) => name === "zig")?.source,
    "pypi",
  );
  for (const comment of manifest.match(/#.*$/gm) ?? []) assertEquals(zig.includes(comment), true, comment);
});

Deno.test("setToolVersion() adds a tool above comments that belong to the next table", async () => {
  const rows = [
    [
      '[tools]\nnode = "20"\n\n# The apps.\n\n[apps]\nweb = "x"\n',
      '[tools]\nnode = "20"\ndeno = "2"\n\n# The apps.\n\n[apps]\nweb = "x"\n',
    ],
    ['[tools]\n# node = "22"\n# biome = "2"\n', '[tools]\ndeno = "2"\n# node = "22"\n# biome = "2"\n'],
    [
      '[tools]\n# none yet\n\n# Variables.\n[env]\nA = "1"\n',
      '[tools]\ndeno = "2"\n# none yet\n\n# Variables.\n[env]\nA = "1"\n',
    ],
  ] as const;
  for (const [before, after] of rows) assertEquals(await setToolVersion(before, "deno", "2"), after);
});
