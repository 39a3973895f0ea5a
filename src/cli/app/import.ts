import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "smol-toml";
import { importApps } from "../../apps/config/import_apps.ts";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { readBunctlConfig } from "../../dialects/bunctl_config.ts";
import type { Context } from "../command.ts";

/** Prints another supervisor's apps as what goes into haft.toml; what has no counterpart is said. */
export async function importFile(file: string, { cwd, stdout, stderr }: Context): Promise<ExitCode> {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, file), "utf8");
  } catch (error) {
    throw new HaftError(`Cannot read "${file}": ${errorMessage(error)}`, { cause: error });
  }
  const { apps, left } = importApps(text, file, readBunctlConfig);
  await stdout.write(stringify({ apps }));
  for (const key of left) await stderr.write(`Note: ${key} has no counterpart and is left out\n`);
  return ExitCode.ok;
}
