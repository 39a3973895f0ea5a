import type { SourceName } from "../../protocol/artifact.ts";

/** What a source is asked for. */
export interface SourceRequest {
  /**
   * The key under `[tools]`: a catalogue name such as `biome`, or a source and a name such as `npm:prettier`.
   */
  name: string;
  /** The version as written: `22`, `^1.2`, `1.2.3`, `latest`, a dist-tag. */
  version: string;
  /** Overrides the catalogue's source, e.g. `npm` for node. */
  source?: SourceName;
  /** The file that asked, and where in it: `haft.toml` / `tools.biome`, `.nvmrc` / `line 1`. */
  decidedBy: { file: string; key: string };
}
