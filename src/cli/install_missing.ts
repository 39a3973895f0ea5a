import { ExitCode } from "../base/exit_code.ts";
import { HaftError } from "../base/errors.ts";
import type { Context } from "./command.ts";
import { installForPerson } from "./install_for_person.ts";
import type { ToolTarget } from "./tool_target.ts";

/**
 * Installs one tool as `haft install` does, with what it says on stderr, so that stdout stays the tool's own.
 */
export async function installMissing(target: ToolTarget, context: Context): Promise<void> {
  const options = { tools: [target], force: false, offline: false, json: false };
  const code = await installForPerson(options, { ...context, stdout: context.stderr });
  if (code === ExitCode.ok) return;
  const { name, version } = target;
  const text = version === undefined ? name : `${name}@${version}`;
  throw new HaftError(`"${text}" could not be installed`, { exitCode: code });
}
