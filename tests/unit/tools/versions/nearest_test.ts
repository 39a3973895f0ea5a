import { assertEquals } from "@std/assert";
import { didYouMean, nearestNames } from "../../../../src/tools/versions/nearest.ts";
import { nearestVersions } from "../../../../src/tools/versions/nearest_versions.ts";

Deno.test("nearestNames() offers what the typist may have meant, best first", () => {
  const names = ["biome", "bun", "buf", "deno", "node", "npm", "pnpm", "esbuild", "turbo", "zig", "tsgo"];
  const rows: [name: string, expected: string[]][] = [
    ["biom", ["biome"]],
    ["Biome", ["biome"]],
    ["bnu", ["bun"]],
    ["bu", ["buf", "bun"]],
    ["nodejs", ["node"]],
    ["esbuidl", ["esbuild"]],
    ["pnp", ["pnpm"]],
    ["completely-different", []],
    ["", []],
  ];
  for (const [name, expected] of rows) {
    assertEquals(nearestNames(name, names), expected, name);
  }
});

Deno.test("nearestVersions() offers the newest of the minor, of the major and of all", () => {
  const versions = ["1.2.3", "1.2.10", "1.9.0", "2.0.0", "3.0.0-beta.1"];
  const rows: [wanted: string, expected: string[]][] = [
    ["1.2.99", ["1.2.10", "1.9.0", "2.0.0"]],
    ["1.5", ["1.9.0", "2.0.0"]],
    ["^9", ["2.0.0"]],
    ["2.0.1", ["2.0.0"]],
  ];
  for (const [wanted, expected] of rows) assertEquals(nearestVersions(wanted, versions), expected, wanted);
  assertEquals(nearestVersions("1", ["1.0.0-dev.1", "1.0.0-dev.2"]), ["1.0.0-dev.2"]);
  assertEquals(nearestVersions("1", []), []);
});

Deno.test("didYouMean() is a question, or nothing", () => {
  assertEquals(didYouMean([]), undefined);
  assertEquals(didYouMean(["a"]), 'Did you mean "a"?');
  assertEquals(didYouMean(["a", "b"]), 'Did you mean "a" or "b"?');
  assertEquals(didYouMean(["a", "b", "c"]), 'Did you mean "a", "b" or "c"?');
});
