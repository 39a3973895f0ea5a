import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Context } from "../command.ts";
import { command as sync } from "../sync.ts";

/**
 * Installs what a command has changed, as `haft sync` does, with what it says on stderr.
 *
 * @param options.json the events as lines of JSON, for a command that was asked for JSON
 * @throws {HaftError} when something could not be installed; a line said what
 */
export async function syncQuietly(context: Context, { json = false } = {}): Promise<void> {
  const flags = new Map<string, true>(json ? [["json", true]] : []);
  const options = sync.parse({ flags, positional: [], rest: [] });
  const code = await sync.run(options, { ...context, stdout: context.stderr });
  if (code === ExitCode.ok) return;
  throw new HaftError("The versions are written, but not all of them could be installed", {
    next: 'Run "haft sync" again',
    exitCode: code,
  });
}
