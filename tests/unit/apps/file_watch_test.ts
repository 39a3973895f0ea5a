import { assertEquals } from "@std/assert";
import { fixedPart, matchesWatch } from "../../../src/apps/file_watch.ts";

Deno.test("fixedPart() and matchesWatch() of globs", () => {
  const rows: [string, string][] = [["src/**/*.ts", "src"], ["*.ts", ""], ["a/b/c.ts", "a/b"], [
    "./src/x/{a,b}.ts",
    "src/x",
  ]];
  for (const [glob, part] of rows) assertEquals(fixedPart(glob), part);
  assertEquals(matchesWatch("src/a/b.ts", ["src/**/*.ts"]), true);
  assertEquals(matchesWatch("src/node_modules/b.ts", ["src/**/*.ts"]), false);
  assertEquals(matchesWatch("b.js", ["*.ts", "./b.js"]), true);
});
