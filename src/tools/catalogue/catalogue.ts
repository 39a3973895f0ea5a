import data from "./catalogue.json" with { type: "json" };
import type { SourceName } from "../../protocol/artifact.ts";
import { sourceOf, type ToolSource } from "../sources/sources.ts";
import type { Catalogue, CatalogueEntry } from "./catalogue_schema.ts";

// The JSON module's inferred type is one object of literals; the schema, checked by the catalogue's test, is
// the real one.
const catalogue = data as unknown as Catalogue;

const canonicalNames = new Map(
  Object.entries(catalogue).flatMap(([name, entry]) => (entry.aliases ?? []).map((alias) => [alias, name])),
);

/** The entry of a tool's catalogue name; aliases are not names. */
export function catalogueEntry(name: string): CatalogueEntry | undefined {
  return Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
}

/** Every tool's name, sorted. */
export function catalogueNames(): string[] {
  return Object.keys(catalogue).sort();
}

/**
 * The catalogue's name for what other tools' files call it: `nodejs` is `node`. Other names are returned as
 * they are.
 */
export function canonicalToolName(name: string): string {
  return canonicalNames.get(name) ?? name;
}

/** The source used when the manifest names none, as `storeId()` wants it. */
export function catalogueSource(name: string): SourceName | undefined {
  return catalogueEntry(name)?.sources[0]?.source;
}

/** The tool whose catalogue entry declares the executable: `rg` is ripgrep's. */
export function toolOfExecutable(executable: string): string | undefined {
  return catalogueNames().find((name) =>
    catalogueEntry(name)?.sources.some((source) => declaredBy(source).includes(executable))
  );
}

/**
 * The tool that a name is an alias or an executable of; undefined for names of tools, and for unknown ones.
 */
export function providerOf(name: string): string | undefined {
  if (catalogueEntry(name) !== undefined) return undefined;
  const canonical = canonicalToolName(name);
  return canonical === name ? toolOfExecutable(name) : canonical;
}

/** The executables that a source of the catalogue names for its tool. */
export function declaredBy(source: ToolSource): string[] {
  return sourceOf(source.source).executables(source);
}
