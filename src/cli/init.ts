import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { writeProjectFile } from "../sync/project_lock.ts";
import { MANIFEST_NAME, readProjectFiles } from "../tools/project/project_files.ts";
import type { ToolRequest } from "../tools/request.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";

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
  const taken = requestsHere(context);
  writeProjectFile(path, initialManifest(taken), { root: context.cwd });
  await context.stdout.write(`Wrote ${path}\n`);
  for (const { name, version, decidedBy } of taken) {
    await context.stdout.write(`  ${name} = "${version}" from ${decidedBy.file}\n`);
  }
  await context.stdout.write(
    taken.length === 0 ? 'Next: "haft use TOOL" adds a tool\n' : 'Next: "haft sync" installs them\n',
  );
  return ExitCode.ok;
}

/** What the version files of this very directory ask for; of two that name a tool, the first decides. */
function requestsHere(context: Context): ToolRequest[] {
  const { requests, shadowed } = readProjectFiles(context.cwd, context);
  const here = [...requests, ...shadowed].filter(({ decidedBy: { file } }) =>
    dirname(file) === context.cwd && basename(file) !== MANIFEST_NAME
  );
  return here.filter(({ name }, index) => here.findIndex((other) => other.name === name) === index);
}

/** The text of a new haft.toml. */
export function initialManifest(requests: readonly Pick<ToolRequest, "name" | "version">[]): string {
  const tools = requests.length === 0
    ? ['# node = "22"', '# biome = "2"', '# "npm:prettier" = "latest"']
    : requests.map(({ name, version }) => `${tomlKey(name)} = ${JSON.stringify(version)}`);
  return `# The tools of this project. "haft sync" installs them; commit this file and haft.lock.

[tools]
${tools.join("\n")}
`;
}

/** A bare key, or a quoted one for names with colons and slashes. */
export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}
