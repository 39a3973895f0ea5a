import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { choiceNote, executablesOf } from "../tools/project/installed_tools.ts";
import { Store } from "../tools/store/store.ts";
import { createStyle } from "../ui/style.ts";
import { table } from "../ui/table.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { catalogueAt } from "../tools/project/manifests.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import { versionFileNotes } from "../tools/project/version_file_notes.ts";
import { shortPath } from "./short_path.ts";
import { nothingHereText } from "../ui/nothing_here.ts";

export interface LsOptions {
  list: "project" | "store" | "names" | "available";
  json: boolean;
}

/** One tool, as `--json` prints it. */
interface LsRow {
  tool: string;
  /** The version as written; null with `--installed`. */
  request: string | null;
  version: string | null;
  installed: boolean;
  /** Why what is installed is not run here. */
  refused: string | null;
  /** The install directory. */
  path: string | null;
  /** The file that asks for it; null with `--installed`. */
  decided_by: string | null;
}

export const command: Command<LsOptions> = {
  usage: [""],
  flags: [
    { name: "installed", description: "List everything in the store" },
    { name: "available", description: "List the tools of the catalogue" },
    { name: "names", description: "Print the names that can be run, one a line" },
    {
      name: "json",
      description: "Print JSON: [{tool, request, version, installed, refused, path, decided_by}]",
    },
  ],
  readOnly: true,
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): LsOptions {
  const [extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, {
      next: `For one tool, run "haft which ${extra}"`,
    });
  }
  const lists = (["installed", "available", "names"] as const).filter((name) => flags.has(name));
  if (lists.length > 1) throw new UsageError(`--${lists.join(" and --")} exclude each other`);
  const [list = "project"] = lists;
  return {
    list: list === "installed" ? "store" : list,
    json: flags.has("json"),
  };
}

async function run({ list, json }: LsOptions, context: Context): Promise<ExitCode> {
  if (list === "names") return await printNames(context, json);
  if (list === "available") return await printCatalogue(context, json);
  const project = list === "project" ? openProject(context.cwd, context) : undefined;
  const rows = project === undefined ? storeRows(context) : projectRows(project);
  if (json) await context.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (rows.length === 0) await context.stderr.write(emptyText(list));
  else await context.stdout.write(tableText(rows, list, context));
  if (!json && project !== undefined) await writeNotes(project, context);
  return ExitCode.ok;
}

async function printNames(context: Context, json: boolean): Promise<ExitCode> {
  const names = [
    ...new Set(
      openProject(context.cwd, context).tools.flatMap(({ request, installed }) =>
        installed === undefined ? [request.name] : Object.keys(executablesOf(installed))
      ),
    ),
  ].sort();
  const text = json ? `${JSON.stringify(names)}\n` : names.map((name) => `${name}\n`).join("");
  await context.stdout.data(text);
  return ExitCode.ok;
}

async function printCatalogue(context: Context, json: boolean): Promise<ExitCode> {
  const catalogue = catalogueAt(context.cwd, context);
  const rows = catalogue.names().map((name) => ({
    name,
    description: catalogue.entry(name)?.description ?? "",
  }));
  await context.stdout.write(
    json
      ? `${JSON.stringify(rows, null, 2)}\n`
      : table(rows.map(({ name, description }) => [name, description]), context.stdout),
  );
  return ExitCode.ok;
}

/** What the listing lacks, and why. */
async function writeNotes(project: Project, { stderr, home }: Context): Promise<void> {
  const choices = project.tools.flatMap((tool) => choiceNote(tool) ?? []);
  for (const note of [...versionFileNotes(project), ...choices]) {
    await stderr.write(`Note: ${shortPath(note, home)}\n`);
  }
}

function projectRows({ tools }: Project): LsRow[] {
  return tools.map(({ request, version, installed, refused }) => ({
    tool: request.name,
    request: request.version,
    version: version ?? null,
    installed: installed !== undefined,
    refused: refused ?? null,
    path: installed?.directory ?? null,
    decided_by: request.decidedBy.file,
  }));
}

function storeRows({ paths }: Context): LsRow[] {
  return new Store(paths).list().map(({ receipt: { tool, version }, directory: path }) => ({
    tool,
    request: null,
    version,
    installed: true,
    refused: null,
    path,
    decided_by: null,
  }));
}

function tableText(rows: readonly LsRow[], list: LsOptions["list"], { home, stdout }: Context): string {
  const style = createStyle(stdout.color);
  const titles = list === "store"
    ? ["tool", "version", "", "", "place"]
    : ["tool", "version", "", "asked for", "by"];
  // Scripts read the rows.
  const head = stdout.isTTY ? [titles.map((title) => style.dim(title))] : [];
  return table([
    ...head,
    ...rows.map(({ tool, request, version, installed, refused, path, decided_by: file }) => [
      tool,
      version ?? "—",
      installed ? "" : refused === null ? "not installed" : "not run",
      request ?? "",
      shortPath((request === null ? path : file) ?? "", home),
    ]),
  ], stdout);
}

function emptyText(list: LsOptions["list"]): string {
  return list === "store"
    ? 'Nothing is installed\n  Run "haft sync" in a project\n'
    : nothingHereText("tools");
}
