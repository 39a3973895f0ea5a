import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { readTextFile } from "../../base/read_text_file.ts";

/** A recipe as `just NAME` runs it. */
export interface Recipe {
  name: string;
  description: string | undefined;
  aliases: string[];
  /** `just --list` leaves it out. */
  hidden: boolean;
}

/** Where the recipes of `mod NAME` are. */
const MODULE_FILES = [".just", "/mod.just", "/justfile", "/Justfile", "/.justfile"];

const RECIPE = /^@?([A-Za-z_][\w-]*)(?:\s[^:]*)?:(?!=)/;
const ALIAS = /^alias\s+([\w-]+)\s*:=\s*([\w-]+(?:::[\w-]+)*)/;
const IMPORT = /^import\??\s+['"]([^'"]+)['"]/;
const MODULE = /^mod\??\s+([\w-]+)(?:\s+['"]([^'"]+)['"])?\s*$/;

/** The recipes of a justfile, of the files that it imports, and of its modules (`sub::x`). */
export function readJustfile(file: string, text: string, seen: ReadonlySet<string> = new Set()): Recipe[] {
  if (seen.has(file)) return [];
  const within = new Set([...seen, file]);
  const open = (path: string, prefix = ""): Recipe[] =>
    !existsSync(path) ? [] : readJustfile(path, readTextFile(path), within).map((recipe) => ({
      ...recipe,
      name: prefix + recipe.name,
      aliases: recipe.aliases.map((alias) => prefix + alias),
    }));
  const recipes: Recipe[] = [];
  const aliases: [alias: string, name: string][] = [];
  /** The comment and the attributes above a recipe. */
  let above: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^(?:#|\[)/.test(line)) {
      above.push(line);
      continue;
    }
    const name = RECIPE.exec(line)?.[1];
    const [, alias, of = ""] = ALIAS.exec(line) ?? [];
    const imported = IMPORT.exec(line)?.[1];
    const [, module, path] = MODULE.exec(line) ?? [];
    if (name !== undefined) recipes.push({ name, ...describedBy(name, above), aliases: [] });
    if (alias !== undefined) aliases.push([alias, of]);
    if (imported !== undefined) recipes.push(...open(join(dirname(file), imported)));
    if (module !== undefined) recipes.push(...open(moduleFile(dirname(file), module, path), `${module}::`));
    above = [];
  }
  for (const [alias, name] of aliases) recipes.find((one) => one.name === name)?.aliases.push(alias);
  return recipes;
}

function describedBy(name: string, above: readonly string[]): Pick<Recipe, "description" | "hidden"> {
  const attributes = above.filter((line) => line.startsWith("[")).join();
  const doc = /\bdoc\s*\(\s*['"](.*?)['"]\s*\)/.exec(attributes)?.[1];
  const comment = above.findLast((line) => line.startsWith("#"))?.replace(/^#+\s*/, "");
  return { description: doc ?? comment, hidden: name.startsWith("_") || /\bprivate\b/.test(attributes) };
}

function moduleFile(directory: string, name: string, path: string | undefined): string {
  const base = join(directory, path ?? name);
  const files = path === undefined ? [] : [base];
  return [...files, ...MODULE_FILES.map((ending) => base + ending)].find((one) =>
    /\.?just(?:file)?$/i.test(one) && existsSync(one)
  ) ??
    base;
}
