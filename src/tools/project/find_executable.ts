import { realpathSync } from "node:fs";
import process from "node:process";
import { sep } from "node:path";
import { HaftError } from "../../base/errors.ts";
import { type Catalogue, declaredBy } from "../catalogue/catalogue.ts";
import { directForms } from "../sources/sources.ts";
import { didYouMean, nearestNames } from "../versions/nearest.ts";
import type { SystemTool, VersionFileContent } from "../manifest/version_files.ts";
import type { InstalledTool } from "../store/store.ts";
import { executablesOf, type ProjectTool } from "./installed_tools.ts";

/** An executable of a project, and the tool that it belongs to. */
export interface FoundExecutable {
  tool: ProjectTool;
  installed: InstalledTool;
  /** The executable's own name: `rg` of ripgrep. */
  name: string;
  /** Absolute path. */
  path: string;
}

/**
 * Finds what a name runs in a project: the tool of that name, or the one that has an executable of it.
 *
 * @param catalogue what is known by name in the project
 * @param skipped what version files ask for that haft cannot give: it explains why a name is not found
 * @throws {HaftError} when no tool of the project is meant, or the one that is meant is not installed
 */
export function findExecutable(
  name: string,
  tools: readonly ProjectTool[],
  { catalogue, skipped = [], manifestPath }: {
    catalogue: Catalogue;
    skipped?: VersionFileContent["skipped"];
    /** Undefined where no haft.toml is there or above. */
    manifestPath?: string | undefined;
  },
): FoundExecutable {
  const tool = toolCalled(name, tools, catalogue);
  if (tool === undefined) throw notInProject(name, tools, { catalogue, skipped, manifestPath });
  const { installed, request } = tool;
  if (tool.elsewhere) {
    throw new HaftError(
      `"${request.name}" is only for ${request.os?.join(", ")} (${request.decidedBy.file})`,
      { next: `Add ${JSON.stringify(process.platform)} to its os there, and run "haft sync"` },
    );
  }
  if (installed === undefined) throw notInstalled(tool);
  const executables = executablesOf(installed);
  const asked = Object.hasOwn(executables, name);
  if (!asked && !isNameOf(name, request.name, catalogue)) {
    throw lacksExecutable(name, { ...tool, installed }, catalogue);
  }
  const chosen = asked ? name : mainExecutable(request.name, executables);
  const path = chosen === undefined ? undefined : executables[chosen];
  if (chosen === undefined || path === undefined) {
    throw new HaftError(`"${request.name}" has several executables, none of its own name`, {
      next: `Name one of them: ${Object.keys(executables).join(", ")}`,
    });
  }
  return { tool, installed, name: chosen, path: containedPath(path, installed) };
}

/** Whether the project has what a name means: a tool, installed or not, or an executable of one. */
export function hasTool(name: string, tools: readonly ProjectTool[], catalogue: Catalogue): boolean {
  const tool = toolCalled(name, tools, catalogue);
  return tool !== undefined &&
    (tool.installed === undefined || Object.hasOwn(tool.installed.receipt.bin, name) ||
      isNameOf(name, tool.request.name, catalogue));
}

/** Whether a name means a tool that the project asks for and does not have. */
export function isAsked(
  name: string,
  tools: readonly ProjectTool[],
  { catalogue, system }: { catalogue: Catalogue; system: readonly SystemTool[] },
): boolean {
  if (system.some((tool) => tool.name === name)) return false;
  const tool = toolCalled(name, tools, catalogue);
  return tool !== undefined && tool.installed === undefined;
}

/** The tool with a command, where that tool is left to the system. */
export function systemToolOf(
  command: string,
  { system, files: { catalogue } }: { system: readonly SystemTool[]; files: { catalogue: Catalogue } },
): SystemTool | undefined {
  if (system.length === 0) return undefined;
  const names = [command, catalogue.canonicalName(command), catalogue.providerOf(command)];
  return system.find(({ name }) => names.includes(name));
}

/** Whether a name means a tool itself, whatever its executables are called. */
function isNameOf(name: string, tool: string, catalogue: Catalogue): boolean {
  return tool === name || tool === catalogue.canonicalName(name) || packageName(tool) === name;
}

function toolCalled(
  name: string,
  tools: readonly ProjectTool[],
  catalogue: Catalogue,
): ProjectTool | undefined {
  return tools.find(({ request }) => request.name === name) ??
    tools.find(({ installed }) => installed !== undefined && Object.hasOwn(installed.receipt.bin, name)) ??
    tools.find(({ request }) => isNameOf(name, request.name, catalogue)) ??
    tools.find(({ request }) => catalogue.declares(request.name, name));
}

/** The last part of a package's name: `cli` of `npm:@scope/cli`, `yq` of `go:example.com/yq/v4`. */
export function packageName(name: string): string | undefined {
  return name.includes(":") ? name.replace(/\/v\d+$/, "").split(/[/:]/).at(-1) : undefined;
}

function mainExecutable(tool: string, executables: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(executables);
  const own = packageName(tool) ?? tool;
  return names.includes(own) ? own : names.length === 1 ? names[0] : undefined;
}

/** What runs is inside the tool's directory, whatever its receipt, or a link in it, says. */
function containedPath(path: string, { directory, receipt }: InstalledTool): string {
  let real: string;
  let root: string;
  try {
    [real, root] = [realpathSync(path), realpathSync(directory)];
  } catch (error) {
    throw new HaftError(`Executable "${path}" of ${receipt.tool} ${receipt.version} is missing`, {
      next: 'Run "haft sync --force" to install it again',
      cause: error,
    });
  }
  if (real.startsWith(root + sep)) return path;
  throw new HaftError(`Refusing to run "${path}": it leads out of the tool's directory, to "${real}"`, {
    next: 'Run "haft sync --force" to install it again',
  });
}

/** The tool that usually has the executable is here, but not with it: node of the npm registry has no npm. */
function lacksExecutable(
  name: string,
  { request, installed: { receipt } }: ProjectTool & { installed: InstalledTool },
  catalogue: Catalogue,
): HaftError {
  const source = catalogue.entry(request.name)?.sources.find((one) => declaredBy(one).includes(name))?.source;
  const other = source === undefined
    ? undefined
    : `the source "${source}" of "${request.name}" has it (source = "${source}" in haft.toml)`;
  const own = catalogue.entry(name) === undefined
    ? undefined
    : `the tool "${name}" has it ("haft use ${name}")`;
  const next = [own, other].filter((one) => one !== undefined).join("; or ");
  return new HaftError(`"${request.name}" ${receipt.version} has no executable "${name}"`, {
    next: next === ""
      ? `It has ${Object.keys(receipt.bin).join(", ")}`
      : next[0]?.toUpperCase() + next.slice(1),
  });
}

function notInstalled({ request, version, refused }: ProjectTool): HaftError {
  const which = version === undefined ? request.version : version;
  const isTarget = request.decidedBy.file === "the command line";
  const next = isTarget ? `Run "haft install ${request.name}@${which}"` : 'Run "haft sync"';
  if (refused !== undefined) {
    return new HaftError(`${request.name} ${which} is not run: ${refused}`, {
      next: isTarget ? next : `${next}, which installs what this project asks for, and writes its haft.lock`,
    });
  }
  return new HaftError(`${request.name} ${which} is not installed (${request.decidedBy.file} asks for it)`, {
    next,
  });
}

function notInProject(
  name: string,
  tools: readonly ProjectTool[],
  { catalogue, skipped, manifestPath }: {
    catalogue: Catalogue;
    skipped: VersionFileContent["skipped"];
    manifestPath: string | undefined;
  },
): HaftError {
  const mention = skipped.find((one) => catalogue.canonicalName(one.name) === catalogue.canonicalName(name));
  if (mention !== undefined) {
    const { file, version, reason } = mention;
    return new HaftError(`No tool of this project provides "${name}"`, {
      next: `"${file}" asks for ${mention.name} ${version}, but ${reason}`,
    });
  }
  const names = tools.flatMap((
    { request, installed },
  ) => [request.name, ...Object.keys(installed?.receipt.bin ?? {})]);
  const message = manifestPath === undefined
    ? `No haft.toml here or above, and no default for "${name}"`
    : `No tool of this project provides "${name}"`;
  return new HaftError(message, {
    next: didYouMean(nearestNames(name, names)) ?? whereToGet(name, catalogue),
  });
}

/** How to add what provides a name, as far as the catalogue knows. */
function whereToGet(name: string, catalogue: Catalogue): string {
  const provider = catalogue.providerOf(name);
  if (provider !== undefined) return `"${provider}" has it: "haft use ${provider}" adds it`;
  if (name.includes(":")) return `Add it with "haft use ${name}", or run it once: haft x ${name}@latest`;
  if (catalogue.entry(name) !== undefined) return `Add it with "haft use ${name}"`;
  const near = didYouMean(nearestNames(name, catalogue.names()));
  return near === undefined
    ? `"haft search ${name}" looks in descriptions, too; others are written with their source: ${
      directForms().join(", ")
    }`
    : near;
}
