import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errorMessage, HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, ParsedArgs } from "../command.ts";

export interface AppImportOptions {
  file: string;
}

export const command: Command<AppImportOptions> = {
  usage: ["FILE   # bunctl's or pm2's, as JSON"],
  flags: [],
  examples: ["haft app import ecosystem.config.json >> haft.toml"],
  completes: "files",
  readOnly: true,
  parse,
  /** Prints the apps as what goes into haft.toml, and names each key that has no counterpart there. */
  async run({ file }, { cwd, stdout, stderr }) {
    const [{ stringify }, { importApps }, { readBunctlConfig }] = await Promise.all([
      import("smol-toml"),
      import("../../apps/config/import_apps.ts"),
      import("../../dialects/bunctl_config.ts"),
    ]);
    const { apps, left } = importApps(readText(resolve(cwd, file), file), file, readBunctlConfig);
    await stdout.data(stringify({ apps }));
    for (const key of left) await stderr.write(`Note: ${key} has no counterpart and is left out\n`);
    return ExitCode.ok;
  },
};

function parse({ positional, rest }: ParsedArgs): AppImportOptions {
  const [file, extra] = [...positional, ...rest];
  if (file === undefined || extra !== undefined) throw new UsageError("haft app import takes one file");
  return { file };
}

function readText(path: string, file: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new HaftError(`Cannot read "${file}": ${errorMessage(error)}`, { cause: error });
  }
}
