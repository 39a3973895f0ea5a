import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/support/project.ts";

/** The names of deno.json's import map: the libraries. */
export function libraries(): string[] {
  const { imports } = JSON.parse(readFileSync(join(projectRoot, "deno.json"), "utf8"));
  return Object.keys(imports);
}

export interface LazyImport {
  /** From the project's root. */
  file: string;
  /** The text between the parentheses: a specifier in quotes, unless the import is computed. */
  argument: string;
}

/**
 * Every `import(…)` of the sources; types (`typeof import(…)`, `import("…").Type` in a declaration) are left
 * out.
 */
export function lazyImports(): LazyImport[] {
  const sources = readdirSync(join(projectRoot, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts")).map((path) => `src/${path}`);
  return ["main.ts", ...sources].flatMap((file) =>
    [...readFileSync(join(projectRoot, file), "utf8").matchAll(/(?<!typeof )\bimport\(\s*([^,)]+?)\s*[,)]/g)]
      .map(([, argument = ""]) => ({ file, argument }))
  );
}

/** The libraries that the sources import by `import("…")`. */
export function lazyLibraries(): string[] {
  const imported = new Set(lazyImports().map(({ argument }) => argument.slice(1, -1)));
  return libraries().filter((name) => imported.has(name)).sort();
}
