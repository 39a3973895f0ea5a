/**
 * Writes tests/vectors/*.json: what the TypeScript side accepts and refuses, for other implementations to be
 * held to. `--check` writes nothing and fails when the files are not what it would write.
 *
 *     deno run -A scripts/make_vectors.ts [--check]
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { deno, runCommand } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";
import { vectorFiles } from "./support/vectors.ts";

const directory = join(projectRoot, "tests", "vectors");
const check = process.argv.includes("--check");
const stale: string[] = [];
mkdirSync(directory, { recursive: true });
for (const [name, content] of Object.entries(vectorFiles())) {
  const path = join(directory, name);
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (!check) writeFileSync(path, text);
  else if (JSON.stringify(JSON.parse(readFileSync(path, "utf8"))) !== JSON.stringify(content)) {
    stale.push(name);
  }
}
if (!check) await runCommand([deno, "fmt", "--quiet", directory]);
if (stale.length > 0) {
  console.error(`Not what the sources say: ${stale.join(", ")}\nRun "deno run -A scripts/make_vectors.ts"`);
  process.exitCode = 1;
}
