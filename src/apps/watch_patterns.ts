import { matchesGlob } from "node:path";

export interface WatchPatterns {
  /** Files, directories and globs below the project's directory. */
  paths: readonly string[];
  /** What is left out of these, of the same kind. */
  ignore: readonly string[];
}

/** Never watched, whatever the patterns say: these change without an edit. */
const IGNORED: ReadonlySet<string> = new Set(["node_modules", ".git"]);

export const WILD = /[*?[\]{}]/;

/** @param file with slashes, from the project's directory */
export function isMatched(file: string, { paths, ignore }: WatchPatterns): boolean {
  if (file.split("/").some((part) => IGNORED.has(part))) return false;
  return paths.some((pattern) => matches(file, pattern)) && !ignore.some((pattern) => matches(file, pattern));
}

/** A path is meant as it is, with brackets too, and a directory stands for all that is in it. */
function matches(file: string, pattern: string): boolean {
  const plain = plainPattern(pattern);
  if (plain === "" || file === plain || file.startsWith(`${plain}/`)) return true;
  return WILD.test(plain) && (matchesGlob(file, plain) || matchesGlob(file, `${plain}/**`));
}

/** The directories of a pattern before its first wildcard: `src` of `src/*.ts`. */
export function fixedPart(pattern: string): string {
  const plain = plainPattern(pattern);
  const parts = plain.split("/");
  const wild = parts.findIndex((part) => WILD.test(part));
  return wild === -1 ? parts.slice(0, -1).join("/") : parts.slice(0, wild).join("/");
}

/** A pattern as it is compared: without `./` in front and slashes behind. */
export function plainPattern(pattern: string): string {
  const plain = pattern.replace(/^(\.\/)+/, "").replace(/(?<!^)\/+$/, "");
  return plain === "." ? "" : plain;
}
