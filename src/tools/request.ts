import type { SourceName } from "../protocol/artifact.ts";

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
  /** Free settings of the tool, handed to its install. */
  options: Record<string, unknown>;
  /** Install only on these systems (`linux`, `darwin`, `win32`); all when absent. */
  os?: string[];
  /** Variables for the install step alone. They need trust: they can make an installer run code. */
  installEnv: Record<string, string>;
  /** The file that asked, and where in it: `haft.toml` / `tools.biome`, `.nvmrc` / `line 1`. */
  decidedBy: { file: string; key: string };
}

/**
 * The directory name of a tool in the store. Tools that can hold different files under one version have
 * different names: `biome`, `node+npm` (not the catalogue's own source), `npm+prettier`, `npm+@scope+name`.
 */
export function storeId(
  tool: { name: string; source?: string | undefined },
  catalogueSource?: string,
): string {
  const direct = /^([a-z]+):(.+)$/.exec(tool.name);
  if (direct !== null) return `${direct[1]}+${(direct[2] ?? "").replaceAll(/[/:]/g, "+")}`;
  return tool.source === undefined || tool.source === catalogueSource
    ? tool.name
    : `${tool.name}+${tool.source}`;
}
