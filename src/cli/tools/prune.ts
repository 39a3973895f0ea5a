import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { removeTools, runningFromTool } from "../../sync/remove_tool.ts";
import { type UnusedTool, unusedTools } from "../../sync/unused_tools.ts";
import { updateShims } from "../../sync/update_shims.ts";
import { pruneShimEntries } from "../../tools/shims/prune_shim_entries.ts";
import { Store } from "../../tools/store/store.ts";
import { formatBytes } from "../../ui/units.ts";
import { table } from "../../ui/table.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { printWarning } from "../print_warning.ts";
import { shortPath } from "../short_path.ts";

export interface PruneOptions {
  dryRun: boolean;
  /** Even while something runs from there. */
  force: boolean;
  json: boolean;
}

/** One installation, as `--json` prints it. */
interface PruneRow {
  tool: string;
  version: string;
  path: string;
  bytes: number;
  removed: boolean;
  /** What still runs from there. */
  running: { pid: number; command: string }[];
}

export const command: Command<PruneOptions> = {
  usage: [""],
  flags: [
    { name: "dry-run", short: "n", description: "Show what would be removed" },
    { name: "force", short: "f", description: "Remove tools even while processes run from them" },
    { name: "json", description: "Print JSON: [{tool, version, path, bytes, removed, running}]" },
  ],
  examples: ["haft prune --dry-run", "haft prune"],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): PruneOptions {
  const [extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, {
      next: `To remove one tool from the store, run "haft uninstall ${extra}"`,
    });
  }
  return { dryRun: flags.has("dry-run"), force: flags.has("force"), json: flags.has("json") };
}

async function run({ dryRun, force, json }: PruneOptions, context: Context): Promise<ExitCode> {
  const store = new Store(context.paths);
  const { unused, projects } = unusedTools(context.cwd, context);
  const looked = unused.map((one) => ({ ...one, running: runningFromTool(one) }));
  const inUse = new Set(looked.filter(({ running }) => running.length > 0 && !force).map(nameOf));
  const rows: PruneRow[] = [];
  for (const one of looked) {
    const { receipt: { tool, version }, directory: path, bytes, running } = one;
    const removed = !dryRun && !inUse.has(nameOf(one));
    if (removed) await removeTools([one], { store, force: true, signal: context.signal });
    rows.push({ tool, version, path, bytes, removed, running });
  }
  if (!dryRun) pruneShimEntries(context.paths);
  await updateShims(context, {
    changed: rows.some(({ removed }) => removed),
    onWarning: printWarning(context),
  });
  if (json) await context.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else await say(rows, { dryRun, unused, projects }, context);
  if (!dryRun) await sayRunning(rows, context);
  return rows.some(({ removed }) => !removed && !dryRun) ? ExitCode.failed : ExitCode.ok;
}

function nameOf({ receipt: { store_id: id, version } }: UnusedTool): string {
  return `${id}@${version}`;
}

async function say(
  rows: readonly PruneRow[],
  { dryRun, unused, projects }: {
    dryRun: boolean;
    unused: readonly UnusedTool[];
    projects: readonly string[];
  },
  { stdout, stderr, home }: Context,
): Promise<void> {
  const shown = rows.filter(({ removed }) => dryRun || removed);
  await stdout.write(table(shown.map(({ tool, version, bytes, path }) => [
    tool,
    version,
    formatBytes(bytes),
    shortPath(path, home),
  ])));
  const bytes = unused.filter(({ directory }) => shown.some((row) => row.path === directory))
    .reduce((sum, one) => sum + one.bytes, 0);
  const known = `${projects.length} known ${
    projects.length === 1 ? "project asks" : "projects ask"
  } for the rest`;
  const what = shown.length === 0
    ? "Nothing to remove"
    : `${dryRun ? "Would free" : "Freed"} ${formatBytes(bytes)}, ${shown.length} ${
      shown.length === 1 ? "installation" : "installations"
    }`;
  await stderr.write(`${what}; ${known}\n`);
}

async function sayRunning(rows: readonly PruneRow[], { stderr }: Context): Promise<void> {
  for (const { tool, version, removed, running } of rows) {
    if (removed) continue;
    const named = running.slice(0, 5).map(({ pid, command }) => `${pid} (${command.slice(0, 200)})`);
    await stderr.write(
      `Kept ${tool} ${version}: process ${named.join(", ")} runs from it\n  Stop it, or use --force\n`,
    );
  }
}
