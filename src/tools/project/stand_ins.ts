/**
 * Stand-ins: a directory in front of PATH with a script for each executable of the tools that a project asks
 * for and does not have. Without it a shell would run whatever else PATH has of that name. A script asks
 * `haft exec`, which says what is missing, or installs it where the settings want that.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { foreignDirectory } from "../../base/foreign_directory.ts";
import type { Paths } from "../../base/paths.ts";
import { shellQuote } from "../../base/shell_quote.ts";
import { shortHash } from "../../base/short_hash.ts";
import { runtime } from "../../runtime/mod.ts";
import { builtInCatalogue, type Catalogue, declaredBy } from "../catalogue/catalogue.ts";
import { toolSource } from "../catalogue/tool_source.ts";
import type { ToolRequest } from "../request.ts";
import { SHIM_MARK } from "../shim_mark.ts";
import { writeScripts } from "../write_scripts.ts";
import { isSystemCommand } from "../system_commands.ts";
import type { SystemTool } from "../manifest/version_files.ts";
import { isAsked, packageName } from "./find_executable.ts";
import type { ProjectTool } from "./installed_tools.ts";

export interface StandInOptions {
  /** The directory whose project asks for the tools. */
  cwd: string;
  files: { catalogue: Catalogue; system: readonly SystemTool[] };
  paths: Paths;
}

/** The directory of the stand-ins, written if it is missing; none where every tool is installed. */
export function standIns(
  tools: readonly ProjectTool[],
  { cwd, files, paths }: StandInOptions,
): string[] {
  const names = missingExecutables(tools, files);
  if (names.length === 0) return [];
  const haft = runtime.selfCommand();
  const directory = join(paths.leads, shortHash(JSON.stringify(["stand-ins", cwd, haft, names])));
  const isWindows = process.platform === "win32";
  const scripts = () =>
    names.map((name) => {
      const words = [...haft, "exec", "--stand-in", cwd, name, "--"];
      return isWindows ? [`${name}.cmd`, cmdScript(words)] as const : [name, shScript(words)] as const;
    });
  if (existsSync(directory)) return [directory];
  return foreignDirectory(paths) === undefined && writeScripts(directory, scripts) ? [directory] : [];
}

/** The names that would run a tool that is asked for and not installed, sorted. */
export function missingExecutables(
  tools: readonly ProjectTool[],
  { catalogue, system }: StandInOptions["files"],
): string[] {
  const names = tools.filter(({ installed }) => installed === undefined).flatMap(({ request }) =>
    namesOf(request)
  );
  return [...new Set(names)].filter((name) => isAsked(name, tools, { catalogue, system })).sort();
}

/** What haft's own catalogue has is known by name; another package's takes no command of the system. */
function namesOf(request: ToolRequest): string[] {
  const own = packageName(request.name) ?? request.name;
  let names: string[] = [];
  try {
    names = declaredBy(toolSource(request));
  } catch {
    // A name or a source that haft does not know: the sync says so.
  }
  const all = names.length === 0 ? [own] : names;
  const isKnown = request.definition === null && builtInCatalogue.entry(request.name) !== undefined;
  return all.filter((name) => /^[\w.+-]+$/.test(name) && (isKnown || !isSystemCommand(name)));
}

/** The mark keeps haft from taking it for a program of the system. */
function shScript(words: readonly string[]): string {
  return `#!/bin/sh\n# ${SHIM_MARK}\n{\nexec ${words.map(shellQuote).join(" ")} "$@"\n}\n`;
}

function cmdScript(words: readonly string[]): string {
  const command = words.map((word) => `"${word.replaceAll("%", "%%")}"`).join(" ");
  return `@rem ${SHIM_MARK}\r\n@${command} %*\r\n`;
}
