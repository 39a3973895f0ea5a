import { basename, dirname, join } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { unlock } from "../../sync/upgrade_lock.ts";
import { removeTool } from "../../tools/manifest/set_tool_version.ts";
import { openProject, type Project } from "../../tools/project/project.ts";
import { LOCAL_MANIFEST_NAME, MANIFEST_NAME } from "../../tools/project/manifests.ts";
import type { RequestLayer } from "../../tools/project/request_layers.ts";
import type { ToolRequest } from "../../tools/request.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { editManifest } from "./edit_manifest.ts";
import { namedTools } from "./named_tools.ts";

export interface RemoveOptions {
  names: string[];
  /** From the user's own manifest, which counts everywhere. */
  global: boolean;
  json: boolean;
}

export const command: Command<RemoveOptions> = {
  usage: ["TOOL…"],
  flags: [
    { name: "global", short: "g", description: "From your own haft.toml, which counts in every directory" },
    { name: "json", description: "Print JSON: [{tool, file}]" },
  ],
  examples: ["haft remove biome", "haft rm npm:prettier && haft prune"],
  completes: "tools",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): RemoveOptions {
  const names = [...positional, ...rest];
  if (names.length === 0) {
    throw new UsageError("Which tool? None was named", {
      next: 'Run "haft ls" for the tools of this project',
    });
  }
  return { names, global: flags.has("global"), json: flags.has("json") };
}

async function run({ names, global, json }: RemoveOptions, caller: Context): Promise<ExitCode> {
  const context = global ? { ...caller, cwd: caller.paths.config } : caller;
  const project = openProject(context.cwd, context);
  const requests = namedTools(names, project).map(({ request }) => manifestRequest(request, project));
  if (!global) {
    for (const { name, decidedBy } of requests) requireProjects(name, decidedBy, { project, context });
  }
  const removed: { tool: string; file: string }[] = [];
  for (const { name, decidedBy: { file } } of requests) {
    removed.push({ tool: name, file: await editManifest(file, context, (text) => removeTool(text, name)) });
  }
  const after = openProject(context.cwd, context);
  const still = new Map(after.requests.map((request) => [request.name, request]));
  const gone: string[] = [];
  for (const layer of project.layers) {
    const left = namesIn(after.layers.find(({ lockPath }) => lockPath === layer.lockPath));
    const before = namesIn(layer);
    const names = requests.flatMap(({ name }) => before.has(name) && !left.has(name) ? [name] : []);
    if (names.length === 0) continue;
    await unlock(layer, names, { locks: context.paths.locks, signal: context.signal });
    gone.push(...names);
  }
  if (json) await context.stdout.write(`${JSON.stringify(removed, null, 2)}\n`);
  for (const { tool, file } of removed) {
    if (!json) await context.stdout.write(`Removed ${tool} from ${shortPath(file, context.home)}\n`);
    const other = still.get(tool);
    if (other === undefined) continue;
    await context.stderr.write(
      `Note: ${shortPath(other.decidedBy.file, context.home)} asks for ${tool} ${other.version}\n`,
    );
  }
  if (!json && gone.length > 0) {
    await context.stderr.write('It stays in the store until "haft prune", for other projects\n');
  }
  return ExitCode.ok;
}

/** What a lock file keeps. */
function namesIn(
  { requests, overridden }: Pick<RequestLayer, "requests" | "overridden"> = NOTHING,
): Set<string> {
  return new Set([...requests, ...overridden].map(({ name }) => name));
}

const NOTHING = { requests: [], overridden: [] };

/**
 * The request of a haft.toml; a version file of the same project that comes before it stays, and is told.
 *
 * @throws {HaftError} when no haft.toml of the project that decides the tool asks for it
 */
function manifestRequest(request: ToolRequest, project: Project): ToolRequest {
  const isManifest = ({ decidedBy: { file } }: ToolRequest) => basename(file) === MANIFEST_NAME;
  if (isManifest(request)) return request;
  const found = project.files.shadowed.find((one) => one.name === request.name && isManifest(one));
  const root = project.layerOf(request.name)?.root;
  if (found !== undefined && dirname(found.decidedBy.file) === root) return found;
  const { name, decidedBy: { file } } = request;
  throw new HaftError(`"${name}" is asked for by "${file}", not by a haft.toml`, {
    next: basename(file) === LOCAL_MANIFEST_NAME
      ? "Change that file, which is yours alone"
      : "Change that file; haft leaves the files of other programs as they are",
  });
}

/** @throws {HaftError} for a tool of another checkout, or of the user's own manifest */
function requireProjects(
  name: string,
  { file }: ToolRequest["decidedBy"],
  { project, context: { paths, home } }: { project: Project; context: Context },
): void {
  const layer = project.layers.find(({ requests, overridden }) =>
    [...requests, ...overridden].some((one) => one.name === name && one.decidedBy.file === file)
  );
  if (layer?.owner === "elsewhere" && layer.root !== paths.config) {
    throw new HaftError(`"${name}" is asked for outside of this checkout, by "${file}"`, {
      next: `Run "haft remove ${name}" in ${shortPath(layer.root, home)}`,
    });
  }
  if (file !== join(paths.config, MANIFEST_NAME) || file === project.files.manifestPath) return;
  throw new HaftError(`"${name}" is asked for by your own ${shortPath(file, home)}, not by a project here`, {
    next: `Run "haft remove --global ${name}" to take it out of that file`,
  });
}
