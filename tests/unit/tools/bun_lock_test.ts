import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lockedIntegrity, withoutAddresses } from "../../../src/tools/bun_lock.ts";

const LOCK = `{
  "lockfileVersion": 2,
  "packages": {
    "@a/b": ["@a/b@1.0.0", "http://127.0.0.1:1/@a/b/-/b-1.0.0.tgz", { "bin": "./b.js" }, "sha512-AAAA=="],

    "c": ["c@2.0.0", "", {}, "sha512-BBBB=="],
  }
}
`;

Deno.test("lockedIntegrity() finds a package at exactly its version", () => {
  assertEquals(lockedIntegrity(LOCK, "@a/b", "1.0.0"), "sha512-AAAA==");
  assertEquals(lockedIntegrity(LOCK, "c", "2.0.0"), "sha512-BBBB==");
  assertEquals(lockedIntegrity(LOCK, "c", "2.0.1"), undefined);
  assertEquals(lockedIntegrity(LOCK, "b", "1.0.0"), undefined);
});

Deno.test("withoutAddresses() empties addresses and touches nothing else", () => {
  const clean = withoutAddresses(LOCK);
  assertStringIncludes(clean, '"@a/b": ["@a/b@1.0.0", "", { "bin"');
  assert(!clean.includes("127.0.0.1"));
  assertEquals(withoutAddresses(clean), clean);
});
