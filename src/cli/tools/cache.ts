import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Paths } from "../../base/paths.ts";
import { removeTree } from "../../base/remove_tree.ts";
import { treeSize } from "../../base/tree_size.ts";
import { formatBytes } from "../../ui/units.ts";
import { table } from "../../ui/table.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { shortPath } from "../short_path.ts";

export interface CacheOptions {
  action: "show" | "clean";
  parts: readonly CachePart[];
  dryRun: boolean;
  json: boolean;
}

/** What haft can have again: broken downloads, answers of registries, and what was found in directories. */
const PARTS = [
  "downloads",
  "metadata",
  "exec",
  "shimCache",
  "knownTasks",
  "knownSyncs",
] as const satisfies readonly (keyof Paths)[];
type CachePart = typeof PARTS[number];

/** The word of the command line for each part. */
const WORDS: Readonly<Record<string, CachePart>> = {
  downloads: "downloads",
  metadata: "metadata",
  exec: "exec",
  shims: "shimCache",
  tasks: "knownTasks",
  syncs: "knownSyncs",
};

/** One part, as `--json` prints it. */
interface CacheRow {
  part: string;
  path: string;
  bytes: number;
  removed: boolean;
}

export const command: Command<CacheOptions> = {
  usage: ["[PART…]   # downloads, metadata, exec, shims, tasks, syncs", "clean [PART…]"],
  flags: [
    { name: "dry-run", short: "n", description: "Show what would be removed" },
    { name: "json", description: "Print JSON: [{part, path, bytes, removed}]" },
  ],
  examples: ["haft cache", "haft cache clean", "haft cache clean metadata"],
  completes: ["clean", ...Object.keys(WORDS)],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): CacheOptions {
  const words = [...positional, ...rest];
  const clean = words[0] === "clean" || words[0] === "clear";
  const parts = words.slice(clean ? 1 : 0).map((word) => {
    const part = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (part !== undefined) return part;
    throw new UsageError(`The cache has no part "${word}"`, {
      next: `It has ${Object.keys(WORDS).join(", ")}; "haft cache clean" empties all of them`,
    });
  });
  return {
    action: clean ? "clean" : "show",
    parts: parts.length === 0 ? PARTS : parts,
    dryRun: flags.has("dry-run"),
    json: flags.has("json"),
  };
}

async function run({ action, parts, dryRun, json }: CacheOptions, context: Context): Promise<ExitCode> {
  const removes = action === "clean" && !dryRun;
  const rows = parts.map((part): CacheRow => {
    const path = context.paths[part];
    const bytes = treeSize(path);
    if (removes) removeTree(path);
    const word = Object.keys(WORDS).find((one) => WORDS[one] === part) ?? part;
    return { part: word, path, bytes, removed: removes };
  });
  if (json) {
    await context.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return ExitCode.ok;
  }
  await context.stdout.write(
    table(rows.map(({ part, bytes, path }) => [part, formatBytes(bytes), shortPath(path, context.home)])),
  );
  const sum = formatBytes(rows.reduce((total, { bytes }) => total + bytes, 0));
  if (action === "clean") await context.stderr.write(`${removes ? "Freed" : "Would free"} ${sum}\n`);
  return ExitCode.ok;
}
