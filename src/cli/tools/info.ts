import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { installationsOf } from "../../sync/remove_tool.ts";
import { declaredBy } from "../../tools/catalogue/catalogue.ts";
import { toolSource } from "../../tools/catalogue/tool_source.ts";
import { PLATFORMS } from "../../tools/platform.ts";
import type { Project } from "../../tools/project/project.ts";
import { projectOrOwn } from "../project_place.ts";
import { sourceOf, type ToolSource } from "../../tools/sources/sources.ts";
import { Store } from "../../tools/store/store.ts";
import { isStableVersion } from "../../tools/versions/pick_version.ts";
import { table } from "../../ui/table.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { versionsOf } from "./ls_remote.ts";

export interface InfoOptions {
  name: string;
  /** Do not ask the tool's source for its versions. */
  offline: boolean;
  json: boolean;
}

/** What `--json` prints. */
interface ToolInfo {
  tool: string;
  description: string | null;
  /** The file whose `[catalogue]` defines it; null for haft's own tools. */
  defined_in: string | null;
  aliases: string[];
  /** In order of preference; `from` is the package, module, repository or address. */
  sources: { source: string; from: string }[];
  executables: string[];
  /** Those that the catalogue has an own artifact for; null where the source decides it for each version. */
  platforms: string[] | null;
  /** Null when the source was not asked, or did not answer. */
  latest: string | null;
  versions: number | null;
  installed: string[];
  /** What the project here asks for. */
  request: { version: string; decided_by: string } | null;
}

export const command: Command<InfoOptions> = {
  usage: ["TOOL"],
  flags: [
    { name: "offline", description: "Do not ask the tool's source for its versions" },
    {
      name: "json",
      description: "Print JSON: {tool, description, sources, executables, platforms, latest, …}",
    },
  ],
  examples: ["haft info ripgrep", "haft info npm:prettier --json"],
  completes: "catalogue",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): InfoOptions {
  const [name, extra] = [...positional, ...rest];
  if (name === undefined) {
    throw new UsageError("Which tool? None was named", { next: 'Write "haft info node"' });
  }
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, { next: "Name one tool at a time" });
  }
  return { name, offline: flags.has("offline"), json: flags.has("json") };
}

async function run({ name, offline, json }: InfoOptions, context: Context): Promise<ExitCode> {
  const project = projectOrOwn(context);
  const { catalogue } = project.files;
  const tool = catalogue.providerOf(name) ?? catalogue.canonicalName(name);
  const info = factsOf(tool, project, context);
  if (!offline) await addVersions(info, context);
  if (json) await context.stdout.write(`${JSON.stringify(info, null, 2)}\n`);
  else await context.stdout.write(infoText(info, context));
  return ExitCode.ok;
}

/** @throws {UsageError} for a name that is neither in the catalogue nor has a source */
function factsOf(tool: string, project: Project, context: Context): ToolInfo {
  const { catalogue } = project.files;
  const entry = catalogue.entry(tool);
  const sources = entry?.sources ?? [toolSource(catalogue.tool(tool))];
  const request = project.requests.find((one) => one.name === tool);
  return {
    tool,
    description: entry?.description ?? null,
    defined_in: catalogue.definition(tool)?.file ?? null,
    aliases: entry?.aliases ?? [],
    sources: sources.map((source) => ({
      source: source.source,
      from: sourceOf(source.source).subject(source),
    })),
    executables: [...new Set(sources.flatMap(declaredBy))],
    platforms: platformsOf(sources[0]),
    latest: null,
    versions: null,
    installed: installationsOf(tool, new Store(context.paths)).map(({ receipt }) => receipt.version),
    request: request === undefined ? null : { version: request.version, decided_by: request.decidedBy.file },
  };
}

function platformsOf(source: ToolSource | undefined): string[] | null {
  if (source === undefined || !("builds" in source) || source.builds === undefined) return null;
  const builds: readonly object[] = source.builds;
  if (source.source === "http" && source.builds.some((build) => build.platforms === undefined)) return null;
  const named = builds.flatMap((build) =>
    "platforms" in build && typeof build.platforms === "object" && build.platforms !== null
      ? Object.keys(build.platforms)
      : []
  );
  return named.length === 0 ? null : PLATFORMS.filter((platform) => named.includes(platform));
}

async function addVersions(info: ToolInfo, context: Context): Promise<void> {
  try {
    const versions = await versionsOf(info.tool, { offline: false }, context);
    info.versions = versions.length;
    info.latest = versions.findLast(isStableVersion) ?? versions.at(-1) ?? null;
  } catch (error) {
    context.signal.throwIfAborted();
    // Of a tool outside the catalogue, its source's answer is all that shows that it exists.
    const isKnown = info.description !== null || info.installed.length > 0 || info.request !== null;
    if (!isKnown) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    await context.stderr.write(`Note: the versions of ${info.tool} are not known: ${reason}\n`);
  }
}

function infoText(info: ToolInfo, { home }: Context): string {
  const { tool, description, request } = info;
  const rows: [string, string][] = [
    ["defined in", info.defined_in === null ? "" : shortPath(info.defined_in, home)],
    ["executables", info.executables.join(", ")],
    ["also called", info.aliases.join(", ")],
    ...info.sources.map(({ source, from }, place): [string, string] => [
      place === 0 ? "sources" : "",
      `${source}  ${from}`,
    ]),
    ["platforms", info.platforms?.join(", ") ?? ""],
    ["latest", info.latest === null ? "" : `${info.latest}  (of ${info.versions} versions)`],
    ["installed", info.installed.join(", ")],
    ["asked for", request === null ? "" : `${request.version}  ${shortPath(request.decided_by, home)}`],
  ];
  const filled = rows.filter(([, text]) => text !== "");
  return `${description === null || description === "" ? tool : `${tool}: ${description}`}\n${table(filled)}`;
}
