import { delimiter } from "node:path";
import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { runtime } from "../runtime/mod.ts";
import { userConfigPath } from "../tools/project/user_config_path.ts";
import { withheldWarning } from "../tools/shims/shim_names.ts";
import { writeShims } from "../tools/shims/write_shims.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { printWarning } from "./print_warning.ts";
import { shortPath } from "./short_path.ts";

export interface ShimsOptions {
  json: boolean;
  path: boolean;
}

export const command: Command<ShimsOptions> = {
  usage: [""],
  flags: [
    { name: "path", description: "Print the shims' directory, and change nothing" },
    { name: "json", description: "Print JSON: {path, names, written, removed, foreign, withheld}" },
  ],
  examples: ["haft shims", 'PATH="$(haft shims --path):$PATH"'],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): ShimsOptions {
  const [extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, { next: '"haft shims" writes them all' });
  }
  return { json: flags.has("json"), path: flags.has("path") };
}

async function run({ json, path }: ShimsOptions, context: Context): Promise<ExitCode> {
  const { stdout, stderr, paths, home } = context;
  if (path) {
    await stdout.data(`${paths.shims}\n`);
    return ExitCode.ok;
  }
  const changes = writeShims({ ...context, haft: runtime.selfCommand() });
  if (json) {
    await stdout.write(`${JSON.stringify({ path: paths.shims, ...changes }, null, 2)}\n`);
    return ExitCode.ok;
  }
  for (const name of changes.foreign) {
    await printWarning(context)(`"${name}" in the shims' directory is not haft's, and is left alone`);
  }
  const warning = withheldWarning(changes.withheld, shortPath(userConfigPath(paths.config), home));
  if (warning !== undefined) await printWarning(context)(warning);
  const { length } = changes.names;
  await stdout.write(`${length} ${length === 1 ? "shim" : "shims"} in ${shortPath(paths.shims, home)}\n`);
  if (!onPath(context)) {
    await stderr.write(
      'That directory is not on PATH\n  Run "haft activate --help" for the line that puts it there\n',
    );
  }
  return ExitCode.ok;
}

function onPath({ env, paths }: Context): boolean {
  return (env["PATH"] ?? "").split(delimiter).includes(paths.shims);
}
