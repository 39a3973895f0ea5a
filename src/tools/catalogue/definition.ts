import { canonicalJson } from "../../base/canonical_json.ts";
import { sha256 } from "../../base/sha256.ts";
import type { SourceName } from "../../protocol/artifact.ts";
import type { ToolSource } from "../sources/sources.ts";
import type { CatalogueEntry } from "./catalogue_schema.ts";

/** What a `[catalogue.NAME]` says of a tool. */
export interface ToolDefinition {
  entry: CatalogueEntry;
  /** The file that it stands in. */
  file: string;
  /** Whether that is the user's own file, which needs no trust. */
  isUsers: boolean;
}

/** A tool by its name, with what the manifests and settings around it define the name to be. */
export interface DefinedTool {
  name: string;
  source?: SourceName;
  /** Null where haft's own catalogue, or the name itself, says what it is. */
  definition: ToolDefinition | null;
}

/** The source that a definition gives for a tool; undefined where it has none of that name. */
export function definedSource({ source }: Pick<DefinedTool, "source">, { entry }: ToolDefinition) {
  return source === undefined ? entry.sources[0] : entry.sources.find((one) => one.source === source);
}

/**
 * What tells two definitions of one name apart, in the store and in the lock file: a hash of the source that
 * is used. Undefined for a tool that no manifest defines.
 */
export function definitionKey(tool: Omit<DefinedTool, "name">): string | undefined {
  if (tool.definition === null) return undefined;
  const source: ToolSource | undefined = definedSource(tool, tool.definition);
  return sha256(canonicalJson(source ?? null)).slice(0, 32);
}
