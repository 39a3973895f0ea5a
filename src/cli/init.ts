import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HaftError, UsageError } from "../base/errors.ts";
import { SCHEMA_URL } from "../base/schema_url.ts";
import { ExitCode } from "../base/exit_code.ts";
import { writeProjectFile } from "../sync/project_lock.ts";
import { MANIFEST_NAME } from "../tools/project/manifests.ts";
import { projectRequests, readProjectFiles } from "../tools/project/project_files.ts";
import type { ToolRequest } from "../tools/request.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { leftElsewhere, proposedApps, proposedTools } from "./init_proposals.ts";

export interface InitOptions {
  force: boolean;
}

export const command: Command<InitOptions> = {
  usage: [""],
  flags: [{ name: "force", short: "f", description: "Replace a haft.toml that is there" }],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): InitOptions {
  const [extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, { next: `Run "haft use ${extra}" to add a tool` });
  }
  return { force: flags.has("force") };
}

async function run({ force }: InitOptions, context: Context): Promise<ExitCode> {
  const path = join(context.cwd, MANIFEST_NAME);
  if (!force && existsSync(path)) {
    throw new HaftError(`"${path}" is already there`, {
      next: 'Run "haft use TOOL" to add to it, or "haft init --force" to replace it',
    });
  }
  const { requests, ranges, notes } = whatIsHere(context);
  const tools = proposedTools(context.cwd, { known: new Set(requests.map(({ name }) => name)), ranges });
  const imported = await proposedApps(context.cwd);
  const apps = imported?.apps ?? {};
  const appsText = Object.keys(apps).length === 0 ? "" : (await import("smol-toml")).stringify({ apps });
  writeProjectFile(path, initialManifest([...requests, ...tools], appsText), { root: context.cwd });
  const taken = [
    ...requests.map(({ name, version, decidedBy }) => `${name} = "${version}" from ${decidedBy.file}`),
    ...tools.map(({ name, version, file }) => `${name} = "${version}" for ${file}`),
    ...Object.entries(apps).map(([name, app]) => `app ${name}: ${String(app["command"])}`),
  ];
  await context.stdout.write(`Wrote ${path}\n${taken.map((line) => `  ${line}\n`).join("")}`);
  for (const note of [...notes, ...leftElsewhere(context.cwd)]) await context.stderr.write(`Note: ${note}\n`);
  if (imported !== undefined) {
    const { noteText } = await import("../apps/import/draft.ts");
    for (const note of imported.notes) await context.stderr.write(`${noteText(note)}\n`);
  }
  await context.stdout.write(
    taken.length === 0
      ? 'Next: "haft use TOOL" adds a tool; "haft ls --available" lists them\n'
      : 'Next: look it through, then "haft sync" installs what it asks for\n',
  );
  return ExitCode.ok;
}

/**
 * What the version files of this very directory ask for; of two that name a tool, the first decides. And the
 * versions that they allow of tools which they do not ask for.
 */
function whatIsHere(
  context: Context,
): { requests: ToolRequest[]; ranges: Map<string, string>; notes: string[] } {
  const files = readProjectFiles(context.cwd, context);
  const { userWide, shadowed, constraints, problems, skipped } = files;
  const here = [...projectRequests(files), ...userWide.requests, ...shadowed].filter((
    { decidedBy: { file } },
  ) => dirname(file) === context.cwd && basename(file) !== MANIFEST_NAME);
  return {
    notes: [
      ...problems,
      ...skipped.filter(({ file }) => dirname(file) === context.cwd)
        .map(({ name, version, file, reason }) => `${file} asks for ${name} ${version}: ${reason}`),
    ],
    requests: here.filter(({ name }, index) => here.findIndex((other) => other.name === name) === index),
    ranges: new Map(
      constraints.filter(({ file }) => dirname(file) === context.cwd).map(({ name, range }) => [name, range]),
    ),
  };
}

/**
 * The text of a new haft.toml.
 *
 * @param apps as TOML
 */
export function initialManifest(
  requests: readonly Pick<ToolRequest, "name" | "version">[],
  apps = "",
): string {
  const tools = requests.length === 0
    ? ['# node = "22"', '# biome = "2"', '# "npm:prettier" = "latest"']
    : requests.map(({ name, version }) => `${tomlKey(name)} = ${JSON.stringify(version)}`);
  return `#:schema ${SCHEMA_URL}
# The tools of this project. "haft sync" installs them; commit this file and haft.lock.

[tools]
${tools.join("\n")}
${apps === "" ? "" : `\n# Its processes. "haft app up" starts them.\n\n${apps}`}`;
}

/** A bare key, or a quoted one for names with colons and slashes. */
export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}
