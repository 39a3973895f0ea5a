import { ExitCode } from "../base/exit_code.ts";
import { HaftError } from "../base/errors.ts";
import type { Context } from "./command.ts";
import { command as installCommand } from "./install.ts";
import type { ToolTarget } from "./tool_target.ts";

/** Installs one tool as `haft install` does, with what it says on stderr, so that stdout stays the tool's own. */
export async function installMissing({ name, version }: ToolTarget, context: Context): Promise<void> {
  const target = version === undefined ? name : `${name}@${version}`;
  const options = installCommand.parse({ flags: new Map(), positional: [target], rest: [] });
  const code = await installCommand.run(options, { ...context, stdout: context.stderr });
  if (code !== ExitCode.ok) throw new HaftError(`"${target}" could not be installed`, { exitCode: code });
}
