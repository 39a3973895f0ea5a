import { UsageError } from "../../base/errors.ts";
import type { SourceName } from "../../protocol/artifact.ts";
import { directForms, findSource, sourceOf, type ToolSource } from "../sources/sources.ts";
import { didYouMean, nearestNames } from "../versions/nearest.ts";
import { catalogueEntry, catalogueNames, declaredBy, providerOf, toolOfExecutable } from "./catalogue.ts";

/**
 * Finds where a tool comes from: the catalogue entry's source, or what `npm:NAME` stands for. A direct name
 * that a catalogue entry is about uses that entry's knowledge: `npm:@biomejs/biome` is the native biome.
 * @throws {UsageError} on a name or source that haft does not know
 */
export function toolSource(tool: { name: string; source?: SourceName }): ToolSource {
  const direct = /^([A-Za-z0-9_-]+):(.*)$/.exec(tool.name);
  if (direct !== null) return directSource(tool.name, direct[1] ?? "", direct[2] ?? "");
  const entry = catalogueEntry(tool.name);
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
  const provider = providerOf(name);
  return new UsageError(`Unknown tool "${name}"`, {
    next: provider === undefined
      ? didYouMean(nearestTools(name)) ??
        `Tools outside the catalogue are written with their source: ${directForms().join(", ")}`
      : `"${provider}" has it: write "${provider}"`,
  });
}

/** The tools whose names, or whose executables' names, look most like the given one. */
function nearestTools(name: string): string[] {
  const names = nearestNames(name, catalogueNames());
  if (names.length > 0) return names;
  const executables = catalogueNames().flatMap((tool) =>
    catalogueEntry(tool)?.sources.flatMap(declaredBy) ?? []
  );
  return [...new Set(nearestNames(name, executables).flatMap((one) => toolOfExecutable(one) ?? []))];
}

function directSource(tool: string, prefix: string, text: string): ToolSource {
  const source = findSource(prefix);
  if (source === undefined) {
    throw new UsageError(`Unknown source "${prefix}" in tool "${tool}"`, {
      next: `Write a catalogue name such as "biome", or ${directForms().join(", ")}`,
    });
  }
  const entry = source.direct(text);
  if (entry === undefined) {
    throw new UsageError(`Tool "${tool}" does not name a tool of ${source.name}`, {
      next: `Write ${source.directForm ?? "a catalogue name"}`,
    });
  }
  const subject = source.subject(entry);
  const catalogued = catalogueNames().flatMap((name) => catalogueEntry(name)?.sources ?? []);
  return catalogued.find((known) => known.source === source.name && source.subject(known) === subject) ??
    entry;
}

/**
 * The variables that a tool needs when it runs from `directory`, its install directory; the user's own win
 * over them. They keep tools from looking for newer versions, e.g. deno, whose offer to upgrade would change
 * the store.
 */
export function toolVariables(
  tool: { name: string; source?: SourceName; version: string },
  directory: string,
): Record<string, string> {
  const entry = toolSource(tool);
  const variables = sourceOf(entry.source).variables(entry, tool.version);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll("{dir}", directory)]),
  );
}
