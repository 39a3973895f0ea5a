import { assertEquals } from "@std/assert";
import { fixedPart, isMatched } from "../../../src/apps/watch_patterns.ts";

Deno.test("fixedPart() is the directory before a pattern's first wildcard", () => {
  const rows: [string, string][] = [
    ["src/**/*.ts", "src"],
    ["*.ts", ""],
    ["a/b/c.ts", "a/b"],
    ["./src/x/{a,b}.ts", "src/x"],
    ["src", ""],
    ["src/", ""],
    [".", ""],
    ["../shared/*.ts", "../shared"],
    ["app/[id]/page.tsx", "app"],
  ];
  for (const [pattern, part] of rows) assertEquals(fixedPart(pattern), part, pattern);
});

Deno.test("isMatched() takes paths, directories, globs and literal brackets, less what is ignored", () => {
  const rows: [file: string, paths: string[], ignore: string[], matched: boolean][] = [
    ["src/a/b.ts", ["src/**/*.ts"], [], true],
    ["src/node_modules/b.ts", ["src/**/*.ts"], [], false],
    [".git/HEAD", ["."], [], false],
    ["b.js", ["*.ts", "./b.js"], [], true],
    ["src/a/b.ts", ["src"], [], true],
    ["src/a/b.ts", ["./src/"], [], true],
    ["srcs/a.ts", ["src"], [], false],
    ["a/b.ts", ["."], [], true],
    ["packages/one/src/a.ts", ["packages/*/src"], [], true],
    ["app/[id]/page.tsx", ["app/[id]/page.tsx"], [], true],
    ["app/[id]/page.tsx", ["app/[id]"], [], true],
    ["app/i/page.tsx", ["app/[id]/page.tsx"], [], true],
    ["src/a.test.ts", ["src"], ["**/*.test.ts"], false],
    ["src/gen/a.ts", ["src"], ["src/gen"], false],
    ["src/gen/a.ts", ["src"], ["src/generated"], true],
    ["a.log", ["."], ["*.log"], false],
  ];
  for (const [file, paths, ignore, matched] of rows) {
    assertEquals(isMatched(file, { paths, ignore }), matched, `${file} in ${paths} less ${ignore}`);
  }
});
