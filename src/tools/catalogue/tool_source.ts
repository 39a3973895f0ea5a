import { UsageError } from "../../base/errors.ts";
import { directForms, findSource, sourceOf, type ToolSource } from "../sources/sources.ts";
import { didYouMean, nearestNames } from "../versions/nearest.ts";
import { builtInCatalogue, declaredBy } from "./catalogue.ts";
import type { DefinedTool } from "./definition.ts";

/**
 * Finds where a tool comes from: its definition's source, the catalogue entry's, or what `npm:NAME` stands
 * for. A direct name that haft's own catalogue has an entry about uses that entry's knowledge:
 * `npm:@biomejs/biome` is the native biome.
 * @throws {UsageError} on a name or source that haft does not know
 */
export function toolSource(tool: DefinedTool): ToolSource {
  const direct = /^([A-Za-z0-9_-]+):(.*)$/.exec(tool.name);
  if (direct !== null) return directSource(tool.name, direct[1] ?? "", direct[2] ?? "");
  const entry = tool.definition?.entry ?? builtInCatalogue.entry(tool.name);
  if (entry === undefined) throw unknownTool(tool.name);
  const source = tool.source === undefined
    ? entry.sources[0]
    : entry.sources.find((candidate) => candidate.source === tool.source);
  if (source !== undefined) return source;
  throw new UsageError(`Tool "${tool.name}" has no source "${tool.source}"`, {
    next: `It has ${entry.sources.map((known) => `"${known.source}"`).join(", ")}`,
  });
}

/** The error for a name that is not in the catalogue, with the names that come close. */
export function unknownTool(name: string): UsageError {
  const provider = builtInCatalogue.providerOf(name);
  return new UsageError(`Unknown tool "${name}"`, {
    next: provider === undefined
      ? didYouMean(nearestTools(name)) ??
        `Tools outside the catalogue are written with their source: ${directForms().join(", ")}`
      : `"${provider}" has it: write "${provider}"`,
  });
}

/**
 * Among hundreds of names each short word has one that is a letter away; only one more, one less or two that
 * are swapped count there: "nope" does not mean "node".
 */
function isSlip(name: string, near: string): boolean {
  const letters = (text: string) => [...text.toLowerCase()].sort().join("");
  return name.length > 4 || name.length !== near.length || letters(name) === letters(near);
}

/** The tools whose names, or whose executables' names, look most like the given one. */
function nearestTools(name: string): string[] {
  // A capital is the whole difference.
  if (builtInCatalogue.names().includes(name.toLowerCase())) return [name.toLowerCase()];
  const names = nearestNames(name, builtInCatalogue.names()).filter((near) => isSlip(name, near));
  if (names.length > 0) return names;
  const executables = builtInCatalogue.names().flatMap((tool) =>
    builtInCatalogue.entry(tool)?.sources.flatMap(declaredBy) ?? []
  );
  return [
    ...new Set(
      nearestNames(name, executables).filter((one) => isSlip(name, one)).flatMap((one) =>
        builtInCatalogue.toolOfExecutable(one) ?? []
      ),
    ),
  ];
}

/** Sources as other managers call them → the beginning of haft's own name. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  pipx: "pypi:",
  pip: "pypi:",
  uv: "pypi:",
  ubi: "github:",
  aqua: "github:",
  gh: "github:",
  eget: "github:",
  crates: "cargo:",
  crate: "cargo:",
  golang: "go:",
  node: "npm:",
  yarn: "npm:",
  pnpm: "npm:",
  bun: "npm:",
  core: "",
  asdf: "",
  vfox: "",
};

function directSource(tool: string, prefix: string, text: string): ToolSource {
  const source = findSource(prefix);
  if (source === undefined) {
    const ours = Object.hasOwn(ELSEWHERE, prefix) ? ELSEWHERE[prefix] : undefined;
    throw new UsageError(`Unknown source "${prefix}" in tool "${tool}"`, {
      next: ours !== undefined
        ? `Write "${ours}${text}"`
        : `Write a catalogue name such as "biome", or ${directForms().join(", ")}`,
    });
  }
  const entry = source.direct(text);
  if (entry === undefined) {
    throw new UsageError(`Tool "${tool}" does not name a tool of ${source.name}`, {
      next: `Write ${source.directForm ?? "a catalogue name"}`,
    });
  }
  return catalogued().get(subjectKey(entry)) ?? entry;
}

let found: ReadonlyMap<string, ToolSource> | undefined;

/** The sources of haft's own catalogue by what they are about; of two about one thing, the first. */
function catalogued(): ReadonlyMap<string, ToolSource> {
  const sources = () =>
    builtInCatalogue.names().flatMap((name) => builtInCatalogue.entry(name)?.sources ?? []);
  return found ??= new Map(sources().reverse().map((source) => [subjectKey(source), source]));
}

function subjectKey(entry: ToolSource): string {
  return `${entry.source}:${sourceOf(entry.source).subject(entry)}`;
}

/**
 * Whether haft's own catalogue describes the tool, so that its executables' names are known to be its own.
 */
export function isCatalogued(source: ToolSource): boolean {
  return catalogued().has(subjectKey(source));
}

/**
 * The variables that a tool needs when it runs from `directory`, its install directory; the user's own win
 * over them. They keep tools from looking for newer versions, e.g. deno, whose offer to upgrade would change
 * the store.
 */
export function toolVariables(
  source: ToolSource,
  version: string,
  directory: string,
): Record<string, string> {
  const variables = sourceOf(source.source).variables(source, version);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll("{dir}", directory)]),
  );
}
