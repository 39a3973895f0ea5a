import { assertEquals } from "@std/assert";
import { join } from "node:path";
import plugin from "../../../scripts/lint/runtime_seam.ts";
import { projectRoot } from "../../../scripts/support/project.ts";

const rows: [string, string, string, number][] = [
  ["a Deno call in src/tools", "src/tools/a.ts", "export const x = Deno.cwd();", 1],
  ["a Deno type in src/cli", "src/cli/a.ts", "export type X = Deno.Conn;", 1],
  ["a Bun call in main.ts", "main.ts", "Bun.gc();", 1],
  ["the seam itself", "src/runtime/deno.ts", "export const x = Deno.cwd();", 0],
  ["scripts", "scripts/a.ts", "Deno.exit();", 0],
  ["the name in a string", "src/cli/a.ts", 'export const x = "Deno.cwd()";', 0],
];

for (const [name, path, source, count] of rows) {
  Deno.test(`runtime-seam lint rule on ${name}`, () => {
    assertEquals(Deno.lint.runPlugin(plugin, join(projectRoot, path), source).length, count);
  });
}
