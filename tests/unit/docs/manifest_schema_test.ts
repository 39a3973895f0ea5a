import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { manifestSchemaText, SCHEMA_FILE } from "../../../scripts/manifest_schema.ts";
import { projectRoot } from "../../../scripts/support/project.ts";
import { builtInCatalogue } from "../../../src/tools/catalogue/catalogue.ts";
import { checkManifest } from "../../../src/check/manifest_problems.ts";

Deno.test("docs/haft.schema.json is what the schemas say; deno task docs writes it anew", () => {
  assertEquals(readFileSync(SCHEMA_FILE, "utf8"), manifestSchemaText());
});

Deno.test("docs/haft.schema.json knows the sections of haft.toml and the keys of their tables", () => {
  const schema = JSON.parse(manifestSchemaText());
  assertEquals(Object.keys(schema.properties), [
    "tools",
    "env",
    "settings",
    "mirrors",
    "catalogue",
    "apps",
    "tasks",
    "includes",
    "backends",
  ]);
  assertEquals([schema.additionalProperties, schema.required], [false, []]);
  const tables = (name: string) =>
    schema.properties[name].additionalProperties.anyOf.filter((one: { type?: string }) =>
      one.type === "object"
    );
  for (
    const [name, key] of [["apps", "command"], ["tasks", "run"], ["backends", "command"], [
      "tools",
      "version",
    ]]
  ) {
    assertEquals([
      name,
      tables(name ?? "").some((table: { properties: object }) =>
        key !== undefined && key in table.properties
      ),
    ], [name, true]);
  }
});

Deno.test("haft's own haft.toml is sound", () => {
  const path = join(projectRoot, "haft.toml");
  assertEquals(checkManifest(readFileSync(path, "utf8"), path, builtInCatalogue).problems, []);
});
