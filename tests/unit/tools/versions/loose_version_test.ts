import { assertEquals } from "@std/assert";
import { compareRevisions, looseVersion, versionMap } from "../../../../src/tools/versions/loose_version.ts";

Deno.test("looseVersion() reads what publishers write as semantic versions", () => {
  const rows: [text: string, expected: string | undefined][] = [
    ["1.2.3", "1.2.3"],
    ["1.27", "1.27.0"],
    ["9", "9.0.0"],
    ["1.27rc1", "1.27.0-rc.1"],
    ["1.0a2", "1.0.0-alpha.2"],
    ["2.0.0-beta.3", "2.0.0-beta.3"],
    ["2025.09.05", "2025.9.5"],
    ["0.11.0.1", "0.11.0"],
    ["1.31.1.post1", "1.31.1"],
    ["1.2.3+build.7", "1.2.3"],
    ["nightly", undefined],
    ["r23", undefined],
    ["", undefined],
    ["1.2.3/../4", undefined],
  ];
  for (const [text, expected] of rows) assertEquals(looseVersion(text), expected, text);
});

Deno.test("versionMap() keeps the latest revision of a version", () => {
  const map = versionMap(["0.11.0.1", "0.11.0.10", "0.11.0.2", "0.10.0", "other"]);
  assertEquals(Object.fromEntries(map), { "0.11.0": "0.11.0.10", "0.10.0": "0.10.0" });
  assertEquals(Math.sign(compareRevisions("1.0.post2", "1.0.post10")), -1);
});
