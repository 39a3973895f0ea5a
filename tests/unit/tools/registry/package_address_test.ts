import { assertEquals, assertThrows } from "@std/assert";
import { HaftError } from "../../../../src/base/errors.ts";
import {
  encodePackageName,
  encodeVersion,
  isExactVersion,
} from "../../../../src/tools/registry/package_address.ts";

Deno.test("encodePackageName() makes one path segment of a name", () => {
  const rows = [["tool", "tool"], ["@scope/tool", "@scope%2ftool"], ["JSONStream", "JSONStream"], [
    "a.b-c_d",
    "a.b-c_d",
  ]];
  for (const [name = "", expected] of rows) assertEquals(encodePackageName(name), expected);
});

Deno.test("encodePackageName() refuses what could be another path", () => {
  const names = [
    "",
    ".",
    "..",
    ".x",
    "a/b",
    "@a",
    "@/a",
    "@a/",
    "@a/b/c",
    "@a/..",
    "@../a",
    "a b",
    "a\n",
    "a?b",
    "a%2fb",
    "é",
  ];
  for (const name of names) assertThrows(() => encodePackageName(name), HaftError);
  assertThrows(() => encodePackageName("a".repeat(215)), HaftError);
});

Deno.test("encodeVersion() makes one path segment of a version or tag", () => {
  assertEquals(["1.2.3-rc.1+build", "latest", "next-11"].map(encodeVersion), [
    "1.2.3-rc.1%2Bbuild",
    "latest",
    "next-11",
  ]);
  for (const version of ["", ".", "..", "a/b", "a b", "a\\b"]) {
    assertThrows(() => encodeVersion(version), HaftError);
  }
});

Deno.test("isExactVersion() tells versions from tags and ranges", () => {
  const texts = ["1.2.3", "1.2.3-rc.1", "1.2.3+b", "1.2", "^1.2.3", "latest", "v1.2.3", "1.2.3 "];
  assertEquals(texts.filter(isExactVersion), ["1.2.3", "1.2.3-rc.1", "1.2.3+b"]);
});
