import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { type Catalogue, declaredBy } from "../../tools/catalogue/catalogue.ts";
import { catalogueAt } from "../../tools/project/manifests.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";
import { table } from "../../ui/table.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";

export interface SearchOptions {
  words: string[];
  /** Ask the registries, too. */
  online: boolean;
  json: boolean;
}

/** One tool of the catalogue, as `--json` prints it. */
interface SearchRow {
  tool: string;
  description: string;
  aliases: string[];
  executables: string[];
  sources: string[];
}

export const command: Command<SearchOptions> = {
  usage: ["[WORD…]   # in names, executables, descriptions; without: all"],
  flags: [
    { name: "online", description: "Ask the registries of your own clients, too" },
    { name: "json", description: "Print JSON: [{tool, description, aliases, executables, sources}]" },
  ],
  examples: ["haft search json", "haft search --online markdown", "haft search kubernetes --json"],
  completes: "catalogue",
  readOnly: true,
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): SearchOptions {
  const words = [...positional, ...rest];
  if (words.some((word) => word.trim() === "")) throw new UsageError("A word to search for is empty");
  const online = flags.has("online");
  if (online && words.length === 0) {
    throw new UsageError("What to search for? The registries have millions of packages", {
      next: 'Write "haft search --online WORD"',
    });
  }
  return { words, online, json: flags.has("json") };
}

async function run({ words, online, json }: SearchOptions, context: Context): Promise<ExitCode> {
  const catalogue = catalogueAt(context.cwd, context);
  const found = searchCatalogue(words, catalogue);
  if (online) found.push(...await searchRegistries(words, context));
  if (json) await context.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else {await context.stdout.write(
      table(found.map((row) => [row.tool, row.description, row.sources.join(", ")]), context.stdout),
    );}
  if (found.length > 0) return ExitCode.ok;
  const rows = catalogue.names().map((tool) => catalogueRow(tool, catalogue));
  const near = words.flatMap((word) => nearWords(word, rows));
  await context.stderr.write(
    `Nothing in the catalogue${online ? " or the registries" : ""} has "${words.join(" ")}"\n  ${
      didYouMean(near) ?? 'Tools outside it are written with their source, such as "npm:NAME" or "pypi:NAME"'
    }\n`,
  );
  return ExitCode.failed;
}

/** Names that are near to a word; else words of the descriptions that are. */
function nearWords(word: string, rows: readonly SearchRow[]): string[] {
  const names = rows.flatMap(({ tool, aliases, executables }) => [tool, ...aliases, ...executables]);
  const near = nearestNames(word, names);
  return near.length > 0 ? near : nearestNames(
    word,
    rows.flatMap(({ description }) => description.toLowerCase().match(/[\w-]{3,}/g) ?? []),
  );
}

/** What the registries have, each once more than the catalogue's; a note names those that did not answer. */
async function searchRegistries(words: readonly string[], context: Context): Promise<SearchRow[]> {
  const [{ searchOnline }, { projectServices }, { projectOrOwn }] = await Promise.all([
    import("../../tools/catalogue/search_online.ts"),
    import("../../sync/project_sync.ts"),
    import("../project_place.ts"),
  ]);
  const services = await projectServices(projectOrOwn(context), { offline: false }, context);
  const { found, failed } = await searchOnline(words.join(" "), { ...services, signal: context.signal });
  for (const { source, reason } of failed) await context.stderr.write(`Note: ${source}: ${reason}\n`);
  return found.map(({ tool, description, source }) => ({
    tool,
    description,
    aliases: [],
    executables: [],
    sources: [source],
  }));
}

/** The tools in which each of the words is found, those whose name has it first. */
export function searchCatalogue(words: readonly string[], catalogue: Catalogue): SearchRow[] {
  const wanted = words.map((word) => word.toLowerCase());
  return catalogue.names().flatMap((tool) => {
    const row = catalogueRow(tool, catalogue);
    const ranks = wanted.map((word) => rank(row, word));
    return ranks.includes(undefined) ? [] : [{ row, rank: Math.max(0, ...ranks.map((one) => one ?? 0)) }];
  }).sort((a, b) => a.rank - b.rank).map(({ row }) => row);
}

function catalogueRow(tool: string, catalogue: Catalogue): SearchRow {
  const entry = catalogue.entry(tool);
  return {
    tool,
    description: entry?.description ?? "",
    aliases: entry?.aliases ?? [],
    executables: [...new Set(entry?.sources.flatMap(declaredBy) ?? [])],
    sources: [...new Set(entry?.sources.map(({ source }) => source) ?? [])],
  };
}

/** How well a word fits: 0 best; undefined when it is nowhere. */
function rank({ tool, description, aliases, executables }: SearchRow, word: string): number | undefined {
  const names = [tool, ...aliases, ...executables].map((name) => name.toLowerCase());
  const tests = [
    names.includes(word),
    names.some((name) => name.startsWith(word)),
    names.some((name) => name.includes(word)),
    // Of a description, a word of its own is more than a part of one, as in "package.json".
    description.toLowerCase().split(/[\s,;()]+|\.$/).includes(word),
    description.toLowerCase().includes(word),
  ];
  const place = tests.indexOf(true);
  return place === -1 ? undefined : place;
}
