import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { layers } from "../../../scripts/support/layers.ts";
import { projectRoot } from "../../../scripts/support/project.ts";

const page = readFileSync(join(projectRoot, "docs", "architecture.md"), "utf8");

Deno.test("architecture.md has one row for each layer, with the imports that the gate allows", () => {
  const rows = [...page.matchAll(/^\| `(\w+)`\s+\|[^|]+\| ([^|]+?)\s*\|$/gm)].map((
    [, name, imports],
  ) => [name, imports]);
  const expected = layers.filter(({ name }) => name !== "main").map(({ name, mayImport }) => [
    name,
    mayImport.length === 0 ? "nothing of ours" : mayImport.join(", "),
  ]);
  assertEquals(Object.fromEntries(rows), Object.fromEntries(expected));
  assertEquals(rows.length, expected.length);
});

Deno.test("architecture.md names only files that are there", async () => {
  const named = [...page.matchAll(/`((?:src|scripts|tests|clients)\/[\w/.-]+)`/g)].map(([, path]) =>
    path ?? ""
  );
  const missing: string[] = [];
  for (const path of new Set(named)) {
    await Deno.stat(join(projectRoot, path)).catch(() => missing.push(path));
  }
  assertEquals(missing, []);
});
