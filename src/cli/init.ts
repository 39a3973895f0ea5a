import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HaftError, UsageError } from "../base/errors.ts";
import { SCHEMA_URL } from "../base/schema_url.ts";
import { ExitCode } from "../base/exit_code.ts";
import { writeProjectFile } from "../sync/project_lock.ts";
import { MANIFEST_NAME } from "../tools/project/manifests.ts";
import { miseDirectories, versionFilesIn } from "../tools/manifest/version_files.ts";
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
  const { requests, known, ranges, notes } = whatIsHere(context);
  const tools = proposedTools(context.cwd, { known: new Set(known), ranges });
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
 * versions that they allow of tools which they do not ask for. A request that haft.toml has no words for
 * stays in its file, which goes on to count.
 */
function whatIsHere(
  context: Context,
): { requests: ToolRequest[]; known: string[]; ranges: Map<string, string>; notes: string[] } {
  const read = readProjectFiles(context.cwd, context);
  const { userWide, shadowed, constraints, problems, skipped, system } = read;
  const requests = [...projectRequests(read), ...userWide.requests];
  const names = new Set(
    versionFilesIn(miseDirectories(context.cwd)).map(({ name }) => join(context.cwd, name)),
  );
  const isHere = ({ decidedBy: { file } }: Pick<ToolRequest, "decidedBy">) => names.has(file);
  const asked = [...requests, ...shadowed].filter(({ decidedBy: { file } }) =>
    basename(file) !== MANIFEST_NAME
  );
  const here = asked.filter(isHere);
  const first = here.filter(({ name }, at) => here.findIndex((other) => other.name === name) === at);
  const stays = new Map(first.flatMap((one) => {
    const reason = whyItStays(one);
    return reason === undefined ? [] : [[one.name, reason] as const];
  }));
  return {
    notes: [
      ...problems,
      ...skipped.filter(({ file }) => names.has(file))
        .map(({ name, version, file, reason }) => `${file} asks for ${name} ${version}: ${reason}`),
      ...first.flatMap(({ name, decidedBy: { file } }) => {
        const reason = stays.get(name);
        return reason === undefined ? [] : [`${file} goes on to decide ${name}: ${reason}`];
      }),
      ...system.filter(isHere).map(({ name, decidedBy: { file } }) =>
        `${file} leaves ${name} to the system, and goes on to decide it`
      ),
      ...requests.filter((one) => asked.includes(one) && !isHere(one)).map((
        { name, version, decidedBy: { file } },
      ) => `${file} asks for ${name} ${version}, here too`),
    ],
    requests: first.filter(({ name }) => !stays.has(name)),
    known: [...first, ...system].map(({ name }) => name),
    ranges: new Map(
      constraints.filter(({ file }) => dirname(file) === context.cwd).map(({ name, range }) => [name, range]),
    ),
  };
}

function whyItStays(request: ToolRequest): string | undefined {
  if (request.archiveHash !== undefined) return "haft.toml has no place for its hash";
  const { otherwise } = request;
  if (otherwise === undefined) return undefined;
  const others = [...otherwise.versions, ...otherwise.system ? ["system"] : []];
  return `it accepts ${[request.version, ...others].join(", else ")}, where haft.toml takes one version`;
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
# The tools of this project. "haft sync" installs them; commit this file, haft.lock and haft.lock.d.

[tools]
${tools.join("\n")}
${apps === "" ? "" : `\n# Its processes. "haft app up" starts them.\n\n${apps}`}`;
}

/** A bare key, or a quoted one for names with colons and slashes. */
export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}
