import { assertEquals } from "@std/assert";
import {
  forbiddenTexts,
  hygieneProblems,
  lengthProblems,
  longestSource,
} from "../../../scripts/check_hygiene.ts";

const forbidden = forbiddenTexts({ directories: ["/home/me/haft", "/home/me"], hosts: ["registry.example"] });

const rows: [string, string, number][] = [
  ["a registry's host", "see https://registry.example/esbuild", 1],
  ["a host in another case", "REGISTRY.EXAMPLE", 1],
  ["a dot is a dot", "registryXexample", 0],
  ["a path of this machine", 'const cache = "/home/me/.cache";', 1],
  ["the bare directory", "cd /home/me", 1],
  ["another path that begins the same", "/home/message", 0],
  ["the same words inside another path", "../home/me/x and b/home/me", 0],
  ["half a merge", "<<<<<<< HEAD", 1],
  ["plain text", "haft sync installs the tools", 0],
];

for (const [name, text, count] of rows) {
  Deno.test(`hygieneProblems() on ${name}`, () => {
    assertEquals(hygieneProblems("file.md", text, forbidden).length, count);
  });
}

Deno.test("hygieneProblems() names file, line and reason", () => {
  assertEquals(hygieneProblems("docs/a.md", "fine\nregistry.example\n", forbidden), [
    "docs/a.md:2: a registry's address comes from npm's configuration, never from a file here",
  ]);
});

Deno.test("lengthProblems() lets a source file have 350 lines and no more", () => {
  assertEquals(lengthProblems("src/a.ts", "x\n".repeat(longestSource)), []);
  assertEquals(lengthProblems("src/a.ts", "x\n".repeat(longestSource + 1)), [
    "src/a.ts: 351 lines, 350 at most: split it by idea",
  ]);
  assertEquals(lengthProblems("tests/a.ts", "x\n".repeat(longestSource + 1)), []);
});
