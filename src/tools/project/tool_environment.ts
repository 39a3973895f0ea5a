import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { builtInCatalogue } from "../catalogue/catalogue.ts";
import { installedSource } from "../catalogue/installed_source.ts";
import { toolVariables } from "../catalogue/tool_source.ts";
import { isSystemCommand } from "../system_commands.ts";
import type { InstalledTool } from "../store/store.ts";
import { executablesOf } from "./installed_tools.ts";

/**
 * The directories of the tools' executables, each once, in the tools' order: what goes in front of PATH. That
 * of a package which would stand there before a command of the system is left out.
 *
 * @param allowed names that the user's own settings give to packages (`allowed_shims`)
 */
export function executableDirectories(
  tools: readonly InstalledTool[],
  { allowed }: { allowed: readonly string[] },
): string[] {
  const directories = tools.flatMap((tool) =>
    // What haft's own catalogue has is known by name.
    tool.receipt.definition === undefined && builtInCatalogue.entry(tool.receipt.tool) !== undefined
      ? directoriesOf(tool)
      : directoriesOf(tool).filter((directory) => !hidesCommand(directory, allowed))
  );
  return [...new Set(directories)];
}

function directoriesOf(tool: InstalledTool): string[] {
  // A package's own scripts are linked, under their proper names, in one directory.
  if (tool.receipt.kind === "js") return [join(tool.directory, "node_modules", ".bin")];
  return Object.values(executablesOf(tool)).map((path) => dirname(path));
}

function hidesCommand(directory: string, allowed: readonly string[]): boolean {
  try {
    return readdirSync(directory).some((name) => isSystemCommand(name) && !allowed.includes(name));
  } catch {
    // It is not there.
    return false;
  }
}

/** Variables that the tools want set where the user has not set them. */
export function defaultVariables(tools: readonly InstalledTool[]): Record<string, string> {
  const defaults: Record<string, string> = {};
  for (const { receipt, directory } of tools) {
    const { tool: name, definition } = receipt;
    const entry = installedSource({ name, source: receipt.artifacts[0]?.artifact.kind, definition });
    Object.assign(defaults, toolVariables(entry, receipt.version, directory));
  }
  return defaults;
}
