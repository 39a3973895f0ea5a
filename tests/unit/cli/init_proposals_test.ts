import { assertEquals } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { proposedTools } from "../../../src/cli/init_proposals.ts";
import { builtInCatalogue } from "../../../src/tools/catalogue/catalogue.ts";

const NOTHING = { known: new Set<string>(), ranges: new Map<string, string>() };

/** What a directory of these files calls for, as `name version`. */
function proposals(files: Record<string, string>): string[] {
  const directory = Deno.makeTempDirSync();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const proposed = proposedTools(directory, NOTHING);
  Deno.removeSync(directory, { recursive: true });
  assertEquals(proposed.filter(({ name }) => builtInCatalogue.entry(name) === undefined), []);
  return proposed.map(({ name, version }) => `${name} ${version}`);
}

const rows: [string, Record<string, string>, string[]][] = [
  ["a go.mod's toolchain", { "go.mod": "module x\n\ngo 1.22.3\n\ntoolchain go1.23.1\n" }, ["go 1.23.1"]],
  ["a go.mod without one", { "go.mod": "module x\n\ngo 1.22.3\n" }, ["go 1.22"]],
  ["a go.mod of another shape", { "go.mod": "garbage" }, ["go latest"]],
  ["poetry's lock in place of uv", { "pyproject.toml": "", "poetry.lock": "" }, ["poetry latest"]],
  ["both locks", { "uv.lock": "", "poetry.lock": "" }, ["uv latest", "poetry latest"]],
  ["Gradle in Kotlin", { "build.gradle.kts": "" }, ["java latest"]],
  ["Deno's file in place of node", { "deno.json": "{}", "package.json": "{}" }, ["deno latest"]],
  ["Terraform and linters", { "main.tf": "", ".shellcheckrc": "", ".oxlintrc.json": "{}" }, [
    "terraform latest",
    "oxlint latest",
    "shellcheck latest",
  ]],
];

for (const [what, files, expected] of rows) {
  Deno.test(`proposedTools() reads ${what}`, () => assertEquals(proposals(files), expected));
}
