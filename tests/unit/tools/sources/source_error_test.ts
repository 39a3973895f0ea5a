import { assertEquals, assertStringIncludes } from "@std/assert";
import { unknownVersion } from "../../../../src/tools/sources/source_error.ts";

const NONE = { versions: ["21.0.1"], distTags: { latest: "21.0.1" } };
const decidedBy = { file: ".tool-versions", key: "line 1" };

Deno.test("unknownVersion() answers a builder's name in front of a Java version with the version alone", () => {
  for (const version of ["temurin-21", "zulu-21.0.2", "adoptopenjdk-jre-21.0.1"]) {
    const { message, next = "" } = unknownVersion({ name: "java", version, decidedBy }, NONE);
    assertStringIncludes(message, `Unknown tag "${version}" of tool "java"`);
    assertStringIncludes(next, 'java = "21" is a trimmed runtime');
    assertStringIncludes(next, `source = "http" }`);
  }
});

Deno.test("unknownVersion() names the tags for a word that is none", () => {
  const { next } = unknownVersion({ name: "java", version: "newest", decidedBy }, NONE);
  assertEquals(next, "It has the tags latest");
});
