import { createHash } from "node:crypto";
import type { SourceName } from "../protocol/artifact.ts";
import { changeFiles, optionsText, type ToolOptions } from "../protocol/tool_options.ts";

/** One tool that a project asks for, as its manifest (or a version file) words it. */
export interface ToolRequest {
  /**
   * The key under `[tools]`: a catalogue name such as `biome`, or a source and a name such as `npm:prettier`.
   */
  name: string;
  /** The version as written: `22`, `^1.2`, `1.2.3`, `latest`, a dist-tag. */
  version: string;
  /** Overrides the catalogue's source, e.g. `npm` for node. */
  source?: SourceName;
  /** What of the tool is installed, and what runs then. */
  options: ToolOptions;
  /** Install only on these systems (`linux`, `darwin`, `win32`); all when absent. */
  os?: string[];
  /** Variables for the install step alone. They need trust: they can make an installer run code. */
  installEnv: Record<string, string>;
  /** The file that asked, and where in it: `haft.toml` / `tools.biome`, `.nvmrc` / `line 1`. */
  decidedBy: { file: string; key: string };
}

/**
 * The directory name of a tool in the store. Tools that can hold different files under one version have
 * different names: `biome`, `node+npm` (not the catalogue's own source), `npm+prettier`, `npm+@scope+name`;
 * with options that make other files, `+` and a hash of them at the end.
 */
export function storeId(
  tool: { name: string; source?: string | undefined; options?: ToolOptions },
  catalogueSource?: string,
): string {
  const { options = {} } = tool;
  if (!changeFiles(options)) return plainStoreId(tool, catalogueSource);
  const hash = createHash("sha256").update(optionsText(options)).digest("hex").slice(0, 12);
  return `${plainStoreId(tool, catalogueSource)}+${hash}`;
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
