import text from "./catalogue.json" with { type: "text" };
import type { SourceName } from "../../protocol/artifact.ts";
import { sourceOf, type ToolSource } from "../sources/sources.ts";
import type { CatalogueData, CatalogueEntry } from "./catalogue_schema.ts";
import type { ToolDefinition } from "./definition.ts";

let parsed: CatalogueData | undefined;
/** Entries that were asked for alone. */
const alone: CatalogueData = {};

/**
 * Parsed when all tools are asked for: it would be a fifth of what a command takes to load. The schema is
 * checked by the catalogue's test.
 */
function builtIn(): CatalogueData {
  return parsed ??= { ...JSON.parse(text) as CatalogueData, ...alone };
}

/** One tool's entry, for which its own lines are parsed. */
function builtInEntry(name: string): CatalogueEntry | undefined {
  if (parsed === undefined && !Object.hasOwn(alone, name)) {
    // What is no name of the catalogue's is "npm:prettier" and the like.
    if (name.includes(":")) return undefined;
    const entry = entryIn(text, name);
    if (entry !== undefined) alone[name] = entry;
  }
  const known = parsed ?? (Object.hasOwn(alone, name) ? alone : builtIn());
  return Object.hasOwn(known, name) ? known[name] : undefined;
}

/**
 * An entry of a catalogue's text; undefined where it is not formatted as `deno fmt` leaves it, or has none of
 * that name.
 */
export function entryIn(text: string, name: string): CatalogueEntry | undefined {
  const key = `\n  ${JSON.stringify(name)}: `;
  const start = text.indexOf(`${key}{\n`);
  const end = text.indexOf("\n  }", start);
  return start === -1 || end === -1 ? undefined : JSON.parse(text.slice(start + key.length, end + 4));
}

/**
 * The tools that are known by name: haft's own, and over them what manifests and the user's settings define.
 * A project has its own ({@link ProjectFiles}); where there is none, `builtInCatalogue` says that on purpose.
 */
export class Catalogue {
  readonly #own: ReadonlyMap<string, ToolDefinition>;
  #aliases: ReadonlyMap<string, string> | undefined;

  constructor(own: Iterable<readonly [name: string, definition: ToolDefinition]>) {
    this.#own = new Map(own);
  }

  /** This one, with more definitions over it. */
  with(definitions: ReadonlyMap<string, ToolDefinition>): Catalogue {
    return definitions.size === 0 ? this : new Catalogue([...this.#own, ...definitions]);
  }

  /** The entry of a tool's name; aliases are not names. */
  entry(name: string): CatalogueEntry | undefined {
    return this.#own.get(name)?.entry ?? builtInEntry(name);
  }

  /** What a manifest or the user's settings say of a name. */
  definition(name: string): ToolDefinition | null {
    return this.#own.get(name) ?? null;
  }

  /** Every tool's name, sorted. */
  names(): string[] {
    return [...new Set([...Object.keys(builtIn()), ...this.#own.keys()])].sort();
  }

  /**
   * The catalogue's name for what other tools' files call it: `nodejs` is `node`. Other names are returned as
   * they are.
   */
  canonicalName(name: string): string {
    this.#aliases ??= new Map(
      this.names().flatMap((tool) => (this.entry(tool)?.aliases ?? []).map((alias) => [alias, tool])),
    );
    return this.#aliases.get(name) ?? name;
  }

  /** A tool's own name for what a person wrote: an alias counts, unless a tool has that name. */
  toolName(name: string): string {
    return this.entry(name) === undefined ? this.canonicalName(name) : name;
  }

  /** The source used when the manifest names none. */
  source(name: string): SourceName | undefined {
    return this.entry(name)?.sources[0]?.source;
  }

  /** The tool whose entry declares the executable: `rg` is ripgrep's. What is defined comes first. */
  toolOfExecutable(executable: string): string | undefined {
    return this.toolsOfExecutable(executable)[0];
  }

  /** Every tool that declares the executable; `npx` is npm's before it is node's, which brings npm along. */
  toolsOfExecutable(executable: string): string[] {
    const tools = [...this.#own.keys(), ...this.names()].filter((name) => this.declares(name, executable));
    const bringsAlong = (name: string) =>
      this.entry(name)?.sources.some((source) => componentsWith(source, executable)) === true;
    return tools.length < 2
      ? tools
      : tools.toSorted((a, b) => Number(bringsAlong(a)) - Number(bringsAlong(b)));
  }

  /** Whether a tool's entry declares the executable. */
  declares(name: string, executable: string): boolean {
    return this.entry(name)?.sources.some((source) => declaredBy(source).includes(executable)) === true;
  }

  /** The tool that a name is an alias or an executable of; undefined for names of tools, and for others. */
  providerOf(name: string): string | undefined {
    if (this.entry(name) !== undefined) return undefined;
    const canonical = this.canonicalName(name);
    return canonical === name ? this.toolOfExecutable(name) : canonical;
  }

  /** A tool by its name, as far as the definitions here say what it is. */
  tool(name: string): { name: string; definition: ToolDefinition | null } {
    return { name, definition: this.definition(name) };
  }
}

/** Whether an executable belongs to a component that can be left out. */
function componentsWith(source: ToolSource, executable: string): boolean {
  const builds = "builds" in source ? source.builds ?? [] : [];
  return builds.some((build) =>
    "components" in build &&
    Object.values(build.components ?? {}).some(({ bin = [] }) => bin.includes(executable))
  );
}

/** What ships with haft, alone. */
export const builtInCatalogue: Catalogue = new Catalogue([]);

/** The executables that a source of the catalogue names for its tool. */
export function declaredBy(source: ToolSource): string[] {
  return sourceOf(source.source).executables(source);
}
