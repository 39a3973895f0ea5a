import { dirname, join } from "node:path";
import { toolVariables } from "../catalogue/tool_source.ts";
import { executablesOf, type InstalledTool } from "./installed_tools.ts";

/** The directories of the tools' executables, each once, in the tools' order: what goes in front of PATH. */
export function executableDirectories(tools: readonly InstalledTool[]): string[] {
  return [
    ...new Set(tools.flatMap((tool) =>
      // A package's own scripts are linked, under their proper names, in one directory.
      tool.receipt.kind === "js"
        ? [join(tool.directory, "node_modules", ".bin")]
        : Object.values(executablesOf(tool)).map((path) => dirname(path))
    )),
  ];
}

/** Variables that the tools want set where the user has not set them. */
export function defaultVariables(tools: readonly InstalledTool[]): Record<string, string> {
  const defaults: Record<string, string> = {};
  for (const { receipt, directory } of tools) {
    const source = receipt.artifacts[0]?.artifact.kind;
    const tool = {
      name: receipt.tool,
      version: receipt.version,
      ...(source === undefined ? {} : { source }),
    };
    Object.assign(defaults, toolVariables(tool, directory));
  }
  return defaults;
}

/** What to set, to take away, and to put in front of PATH. */
export interface EnvironmentChanges {
  set: Record<string, string>;
  unset: string[];
  path: string[];
}

/**
 * What a project's tools and settings change in an environment.
 *
 * @param variables the project's own `[env]`; null takes a variable away. They win over the tools' defaults,
 * and what is set already wins over those too
 */
export function environmentChanges(
  tools: readonly InstalledTool[],
  variables: Readonly<Record<string, string | null>>,
  inherited: Readonly<Record<string, string | undefined>>,
): EnvironmentChanges {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [name, value] of Object.entries(defaultVariables(tools))) {
    if (inherited[name] === undefined) set[name] = value;
  }
  for (const [name, value] of Object.entries(variables)) {
    if (value === null) unset.push(name);
    else set[name] = value;
  }
  return { set, unset, path: executableDirectories(tools) };
}
