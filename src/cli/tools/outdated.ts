import { ExitCode } from "../../base/exit_code.ts";
import { newerVersions, type NotAsked } from "../../sync/newer_versions.ts";
import { projectResolver } from "../../sync/project_sync.ts";
import { openProject } from "../../tools/project/project.ts";
import { table } from "../../ui/table.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { errorAsJson } from "../describe_error.ts";
import { shortPath } from "../short_path.ts";
import { namedTools } from "./named_tools.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

export interface OutdatedOptions {
  names: string[];
  /** Also the tools that are at their newest. */
  all: boolean;
  check: boolean;
  offline: boolean;
  json: boolean;
}

/** One tool, as `--json` prints it. */
interface OutdatedRow {
  tool: string;
  request: string;
  /** What is locked, or installed; null when neither. */
  current: string | null;
  /** The newest that the request allows. */
  wanted: string;
  latest: string;
  decided_by: string;
}

export const command: Command<OutdatedOptions> = {
  usage: ["[TOOL…]"],
  flags: [
    { name: "all", short: "a", description: "List tools that are up to date, too" },
    { name: "check", description: "Exit with 1 when a tool is outdated" },
    { name: "offline", description: "Use only what is in the cache" },
    { name: "json", description: "Print JSON: [{tool, request, current, wanted, latest, decided_by}]" },
  ],
  examples: ["haft outdated", "haft outdated node --json"],
  completes: "tools",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): OutdatedOptions {
  return {
    names: [...positional, ...rest],
    all: flags.has("all"),
    check: flags.has("check"),
    offline: flags.has("offline"),
    json: flags.has("json"),
  };
}

async function run(options: OutdatedOptions, context: Context): Promise<ExitCode> {
  const project = openProject(context.cwd, context);
  const tools = namedTools(options.names, project);
  const resolve = await projectResolver(project, options, context);
  const { found, failed } = await newerVersions(tools, { resolve, signal: context.signal });
  const rows = found.map(({ tool, wanted, latest }): OutdatedRow => ({
    tool: tool.request.name,
    request: tool.request.version,
    current: tool.version ?? null,
    wanted: wanted.version,
    latest: latest.version,
    decided_by: tool.request.decidedBy.file,
  }));
  const outdated = rows.filter(isOutdated);
  const shown = options.all ? rows : outdated;
  if (options.json) await context.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  else if (shown.length > 0) await context.stdout.write(tableText(shown, context));
  else if (failed.length === 0) {
    const isEmpty = project.tools.length === 0;
    await context.stderr.write(isEmpty ? nothingHereText("tools") : "Every tool is at its newest version\n");
  }
  await sayNotAsked(failed, options, context);
  const absent = tools.filter(({ installed, elsewhere }) => installed === undefined && !elsewhere);
  if (!options.json && absent.length > 0) {
    const names = absent.map(({ request }) => request.name).join(", ");
    await context.stderr.write(`Note: not installed: ${names}. "haft sync" installs what is asked for\n`);
  }
  return failed.length > 0 || (options.check && outdated.length > 0) ? ExitCode.failed : ExitCode.ok;
}

function isOutdated({ current, wanted, latest }: OutdatedRow): boolean {
  return current !== wanted || wanted !== latest;
}

function tableText(rows: readonly OutdatedRow[], { home, stdout }: Context): string {
  return table([
    ["tool", "current", "wanted", "latest", "asked for"],
    ...rows.map(({ tool, request, current, wanted, latest, decided_by: file }) => [
      tool,
      current ?? "—",
      wanted,
      latest,
      `${request}  ${shortPath(file, home)}`,
    ]),
  ], stdout);
}

/** Why a source could not be asked, for each tool; with `--json` as a line of JSON that names the tool. */
export async function sayNotAsked(
  failed: readonly NotAsked[],
  { json }: { json: boolean },
  { stderr }: Context,
): Promise<void> {
  for (const { tool, error } of failed) {
    if (json) {
      await stderr.write(errorAsJson(error, { tool: tool.request.name }));
      continue;
    }
    const next = error.next === undefined ? "" : `  ${error.next}\n`;
    await stderr.write(`Warning: ${tool.request.name}: ${error.message}\n${next}`);
  }
}
