import { sha256 } from "../base/sha256.ts";
import { changeFiles, optionsText, type ToolOptions } from "../protocol/tool_options.ts";
import type { ToolDefinition } from "./catalogue/definition.ts";
import type { SourceRequest } from "./sources/source_request.ts";

/** One tool that a project asks for, as its manifest (or a version file) words it. */
export interface ToolRequest extends SourceRequest {
  /** What the manifests and settings around it define the name to be; null where none does. */
  definition: ToolDefinition | null;
  /** What of the tool is installed, and what runs then. */
  options: ToolOptions;
  /** Install only on these systems (`linux`, `darwin`, `win32`); all when absent. */
  os?: string[];
  /** What corepack compares its download of the package manager with, in hexadecimal. */
  archiveHash?: { algorithm: string; digest: string };
  /** What counts where no version answers `than`; it says nothing of another version that is asked for. */
  otherwise?: OtherVersions;
  /** Variables for the install step alone. They need trust: they can make an installer run code. */
  installEnv: Record<string, string>;
}

/** The further versions of a line of .tool-versions. */
export interface OtherVersions {
  /** The version that they follow. */
  than: string;
  /** In order of preference. */
  versions: readonly string[];
  /** Without any of them the tool is left to the system. */
  system: boolean;
}

/** The versions that a request accepts, the preferred one first. */
export function acceptedVersions(
  { version, otherwise }: Pick<ToolRequest, "version" | "otherwise">,
): string[] {
  return [version, ...otherwise?.than === version ? otherwise.versions : []];
}

/** Whether the tool is the system's where no version that is asked for can be had. */
export function isSystemOtherwise(
  { version, otherwise }: Pick<ToolRequest, "version" | "otherwise">,
): boolean {
  return otherwise?.than === version && otherwise.system;
}

/** The parts of a request that say nothing but its tool's name. */
export function plainRequest(
  tool: Pick<ToolRequest, "name" | "definition">,
): Omit<ToolRequest, "version" | "decidedBy"> {
  return { ...tool, options: {}, installEnv: {} };
}

/**
 * The directory name of a tool in the store. Tools that can hold different files under one version have
 * different names: `biome`, `node+npm` (not the catalogue's own source), `npm+prettier`, `npm+@scope+name`,
 * `mytool+own-` and a key of its definition; with options that make other files, `+` and a hash of them at
 * the end.
 */
export function storeId(
  tool: { name: string; source?: string | undefined; options?: ToolOptions },
  known: { catalogueSource?: string | undefined; definition?: string | undefined } = {},
): string {
  const { options = {} } = tool;
  const plain = known.definition === undefined
    ? plainStoreId(tool, known.catalogueSource)
    : `${tool.name}+own-${known.definition}`;
  if (!changeFiles(options)) return plain;
  return `${plain}+${sha256(optionsText(options)).slice(0, 12)}`;
}

function plainStoreId(
  tool: { name: string; source?: string | undefined },
  catalogueSource: string | undefined,
): string {
  const direct = /^([a-z]+):(.+)$/.exec(tool.name);
  if (direct !== null) return `${direct[1]}+${(direct[2] ?? "").replaceAll(/[/:]/g, "+")}`;
  return tool.source === undefined || tool.source === catalogueSource
    ? tool.name
    : `${tool.name}+${tool.source}`;
}
