import { assertEquals } from "@std/assert";
import { mirrored } from "../../../../src/tools/http/address.ts";

const MIRRORS = {
  "https://a.example/": "http://127.0.0.1:1/a/",
  "https://a.example/dist/": "http://127.0.0.1:2/",
  "https://b.example": "https://mirror.example/b",
  "https://b.example/x": "https://mirror.example/other",
};

const ROWS: [what: string, url: string, expected: string][] = [
  ["the prefix that fits", "https://a.example/x/y?z", "http://127.0.0.1:1/a/x/y?z"],
  ["the longest of several", "https://a.example/dist/v1.tgz", "http://127.0.0.1:2/v1.tgz"],
  ["a prefix without a slash", "https://b.example/y", "https://mirror.example/b/y"],
  ["a whole address", "https://b.example", "https://mirror.example/b"],
  ["no part of a path segment", "https://b.example/xyz", "https://mirror.example/b/xyz"],
  ["no other host that begins alike", "https://b.example.evil/y", "https://b.example.evil/y"],
  ["no port", "https://b.example:8443/y", "https://b.example:8443/y"],
  ["nothing else", "https://c.example/", "https://c.example/"],
];

for (const [what, url, expected] of ROWS) {
  Deno.test(`mirrored() rewrites ${what}`, () => assertEquals(mirrored(url, MIRRORS), expected));
}
