import { assertEquals } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesOf } from "../../../src/tasks/inputs.ts";

const root = Deno.makeTempDirSync({ prefix: "haft-inputs-" });
for (const path of ["app/[id]/page.tsx", "app/i/page.tsx", "src/a.ts", "src/sub/b.ts", "src/.dot", ".env"]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), path);
}

const rows: [patterns: string[], expected: string[] | { missing: string }][] = [
  [["src/*.ts"], ["src/a.ts"]],
  [["src"], ["src/a.ts", "src/sub/b.ts"]],
  [["./src/"], ["src/a.ts", "src/sub/b.ts"]],
  [["src", "!src/sub"], ["src/a.ts"]],
  [["**/*.ts", "!**/b.ts"], ["src/a.ts"]],
  [["app/[id]/page.tsx"], ["app/[id]/page.tsx"]],
  [["app/[ij]/page.tsx"], ["app/i/page.tsx"]],
  [["app/[id]"], ["app/[id]/page.tsx"]],
  [[".env"], [".env"]],
  [["src/**", "src/.dot"], ["src/.dot", "src/a.ts", "src/sub/b.ts"]],
  [["nothing/**"], { missing: "nothing/**" }],
  [["src/a.ts", "nothing.ts"], { missing: "nothing.ts" }],
  [["src/*.ts", "!src/a.ts"], { missing: "src/*.ts !src/a.ts" }],
];
for (const [patterns, expected] of rows) {
  Deno.test(`filesOf() of ${patterns.join(" ")}`, () => {
    assertEquals(filesOf(root, patterns), Array.isArray(expected) ? { files: expected } : expected);
  });
}
