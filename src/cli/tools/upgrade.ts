import { basename } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { type NewerVersions, newerVersions } from "../../sync/newer_versions.ts";
import { projectResolver } from "../../sync/project_sync.ts";
import { relock } from "../../sync/upgrade_lock.ts";
import { setToolVersion } from "../../tools/manifest/set_tool_version.ts";
import type { ProjectTool } from "../../tools/project/installed_tools.ts";
import { openProject, type Project } from "../../tools/project/project.ts";
import { LOCAL_MANIFEST_NAME, MANIFEST_NAME } from "../../tools/project/manifests.ts";
import { bumpRequest } from "../../tools/versions/bump_request.ts";
import { table } from "../../ui/table.ts";
import { confirm } from "../task/confirm.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { editManifest } from "./edit_manifest.ts";
import { namedTools } from "./named_tools.ts";
import { sayNotAsked } from "./outdated.ts";
import { syncQuietly } from "./sync_quietly.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

export interface UpgradeOptions {
  names: string[];
  /** Past what the manifest asks for, which is changed to fit. */
  bump: boolean;
  interactive: boolean;
  dryRun: boolean;
  json: boolean;
}

/** One change, as `--json` prints it. */
interface Upgrade {
  tool: string;
  from: string | null;
  to: string;
  /** What the manifest asks for afterwards. */
  request: string;
  decided_by: string;
}

interface Planned extends Upgrade {
  newer: NewerVersions;
}

export const command: Command<UpgradeOptions> = {
  usage: ["[TOOL…]   # without names: every tool of the project"],
  flags: [
    { name: "bump", description: "To the newest version of all; haft.toml is changed to fit" },
    { name: "interactive", short: "i", description: "Ask about each tool" },
    { name: "dry-run", short: "n", description: "Show what would change" },
    { name: "json", description: "Print JSON: [{tool, from, to, request, decided_by}]" },
  ],
  examples: ["haft upgrade", "haft upgrade node --bump", "haft upgrade --interactive"],
  completes: "tools",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): UpgradeOptions {
  return {
    names: [...positional, ...rest],
    bump: flags.has("bump"),
    interactive: flags.has("interactive"),
    dryRun: flags.has("dry-run"),
    json: flags.has("json"),
  };
}

async function run(options: UpgradeOptions, context: Context): Promise<ExitCode> {
  const { stdin, stderr } = context;
  if (options.interactive && !(stdin.isTTY && stderr.isTTY)) {
    throw new UsageError("--interactive needs a terminal", { next: "Name the tools to upgrade" });
  }
  const project = openProject(context.cwd, context);
  const named = namedTools(options.names, project);
  if (named.length === 0) {
    if (options.json) await context.stdout.write("[]\n");
    else await stderr.write(nothingHereText("tools"));
    return ExitCode.ok;
  }
  const tools = upgradable(named, options, { project, context });
  if (!options.dryRun) project.requireInstallTrust(tools.map(({ request }) => request.name));
  const resolve = await projectResolver(project, { offline: false }, context);
  const { found, failed } = await newerVersions(tools, { resolve, signal: context.signal });
  await sayNotAsked(failed, options, context);
  const planned = found.flatMap((newer) => plan(newer, options) ?? []);
  const chosen = options.interactive ? await choose(planned, context) : planned;
  if (!options.dryRun && chosen.length > 0) await perform(chosen, project, context);
  // Without a change, too: an upgrade that was killed has written the lock file and installed nothing.
  if (!options.dryRun && (chosen.length > 0 || failed.length === 0)) await syncQuietly(context, options);
  await report(chosen, options, context);
  if (!options.bump) await noteOutOfReach(found, context);
  return failed.length > 0 ? ExitCode.failed : ExitCode.ok;
}

/**
 * Without those of another checkout around this one: its lock file is not this project's to change.
 *
 * @throws {HaftError} when such a tool was named
 */
function upgradable(
  tools: readonly ProjectTool[],
  { names }: UpgradeOptions,
  { project, context: { home, paths } }: { project: Project; context: Context },
): ProjectTool[] {
  return tools.filter(({ request: { name, decidedBy } }) => {
    const layer = project.layerOf(name);
    if (layer?.owner !== "elsewhere" || layer.root === paths.config) return true;
    if (names.length === 0) return false;
    throw new HaftError(`"${name}" is asked for outside of this checkout, by "${decidedBy.file}"`, {
      next: `Run "haft upgrade ${name}" in ${shortPath(layer.root, home)}`,
    });
  });
}

/** Undefined for a tool that has nothing newer. */
function plan(newer: NewerVersions, { bump }: UpgradeOptions): Planned | undefined {
  const { tool: { request, version }, wanted, latest } = newer;
  const target = bump && isManifest(request.decidedBy.file) ? latest : wanted;
  if (target.version === version) return undefined;
  return {
    tool: request.name,
    from: version ?? null,
    to: target.version,
    request: target === wanted ? request.version : bumpRequest(request.version, target.version),
    decided_by: request.decidedBy.file,
    newer,
  };
}

function isManifest(file: string): boolean {
  return basename(file) === MANIFEST_NAME || basename(file) === LOCAL_MANIFEST_NAME;
}

async function choose(planned: readonly Planned[], context: Context): Promise<Planned[]> {
  const chosen: Planned[] = [];
  for (const one of planned) {
    if (await confirm(`Upgrade ${one.tool} from ${one.from ?? "nothing"} to ${one.to}?`, context)) {
      chosen.push(one);
    }
  }
  return chosen;
}

/** Manifests first: a lock file that is newer than its manifest would be resolved anew. */
async function perform(
  chosen: readonly Planned[],
  project: Project,
  context: Context,
): Promise<void> {
  for (const { newer: { tool: { request: old } }, request } of chosen) {
    if (request === old.version) continue;
    await editManifest(old.decidedBy.file, context, (text) => setToolVersion(text, old.name, request));
  }
  for (const layer of project.layers) {
    const own = chosen.filter(({ tool }) => layer.requests.some(({ name }) => name === tool));
    const entries = own.map(({ tool, to, request, newer: { wanted, latest } }) =>
      [tool, { ...(wanted.version === to ? wanted : latest), request: request.trim() }] as const
    );
    if (entries.length === 0) continue;
    await relock(layer, new Map(entries), { locks: context.paths.locks, signal: context.signal });
  }
}

async function report(
  chosen: readonly Planned[],
  { json, dryRun }: UpgradeOptions,
  { stdout, stderr }: Context,
): Promise<void> {
  if (json) {
    const rows = chosen.map(({ newer: _, ...row }): Upgrade => row);
    await stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  } else if (chosen.length === 0) {
    await stderr.write("Nothing to upgrade\n");
  } else {
    if (dryRun) await stderr.write("Would upgrade:\n");
    await stdout.write(table(chosen.map(({ tool, from, to }) => [tool, from ?? "—", "→", to]), stdout));
  }
}

/** Newer versions that the requests do not allow. */
async function noteOutOfReach(found: readonly NewerVersions[], { stderr, home }: Context): Promise<void> {
  for (const { tool: { request }, wanted, latest } of found) {
    if (wanted.version === latest.version) continue;
    const { name, version, decidedBy: { file } } = request;
    const next = isManifest(file) ? `"haft upgrade ${name} --bump" takes it` : "change it there to get it";
    await stderr.write(
      `Note: ${name} ${latest.version} is out; ${shortPath(file, home)} asks for "${version}": ${next}\n`,
    );
  }
}
