import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "./project.ts";

const RECIPE = ["scripts/build.ts", "scripts/support/core_module.ts"];

/**
 * What decides the content of a binary: our sources, the map and lock of the libraries, and how it is built.
 */
export function buildInputs(recipe: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(recipe));
  const sources = readdirSync(join(projectRoot, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(ts|json)$/.test(path)).sort().map((path) => join("src", path));
  for (const path of [...RECIPE, "deno.json", "deno.lock", "main.ts", ...sources]) {
    const content = readFileSync(join(projectRoot, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Whether `file` exists and was made from these inputs. */
export function isFresh(file: string, inputs: string): boolean {
  return existsSync(file) && existsSync(stamp(file)) && readFileSync(stamp(file), "utf8") === inputs;
}

export function markFresh(file: string, inputs: string): void {
  mkdirSync(dirname(stamp(file)), { recursive: true });
  writeFileSync(stamp(file), inputs);
}

function stamp(file: string): string {
  return join(dirname(file), ".inputs", `${file.slice(dirname(file).length + 1)}.sha256`);
}
