import * as v from "valibot";
import type { InstallConfig } from "../../protocol/install.ts";
import type { SourceName } from "../../protocol/artifact.ts";
import { ToolSource } from "../sources/sources.ts";
import { toolSource } from "./tool_source.ts";

/**
 * Where a tool that is installed, or about to be, comes from: what a manifest defined for it then, else what
 * haft's catalogue or its name says.
 *
 * @throws {UsageError} for a name that haft does not know any more
 */
export function installedSource(
  { name, source, definition }: {
    name: string;
    source: SourceName | undefined;
    definition: InstallConfig["definition"];
  },
): ToolSource {
  return definition === undefined
    ? toolSource({ name, definition: null, ...(source === undefined ? {} : { source }) })
    : v.parse(ToolSource, definition);
}
