import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Command, Context, Flag, ParsedArgs } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { type CompletedCommand, completionScript } from "./completion_script.ts";
import { COMMON_FLAGS } from "./parse.ts";
import { isShell, type Shell, SHELLS } from "./shell.ts";

export interface CompletionsOptions {
  shell: Shell;
}

export const command: Command<CompletionsOptions> = {
  name: "completions",
  summary: "Print a shell's completion script",
  usage: [SHELLS.join("|")],
  flags: [],
  examples: [
    'bash: eval "$(haft completions bash)" in ~/.bashrc',
    'zsh: eval "$(haft completions zsh)" in ~/.zshrc, after compinit',
    "fish: haft completions fish > ~/.config/fish/completions/haft.fish",
    "PowerShell: haft completions powershell | Out-String | Invoke-Expression",
  ],
  parse,
  run,
};

function parse({ positional: [shell, extra] }: ParsedArgs): CompletionsOptions {
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`);
  if (shell !== undefined && isShell(shell)) return { shell };
  throw new UsageError(shell === undefined ? "Which shell? None was named" : `Unknown shell "${shell}"`, {
    next: `Known shells: ${SHELLS.join(", ")}`,
  });
}

async function run({ shell }: CompletionsOptions, context: Context): Promise<ExitCode> {
  const commands = await Promise.all(COMMANDS.filter(({ hidden }) => hidden !== true).map(completedCommand));
  await context.stdout.write(completionScript(shell, commands));
  return ExitCode.ok;
}

async function completedCommand(
  { name, aliases, summary, load }: typeof COMMANDS[number],
): Promise<CompletedCommand> {
  const { flags } = await load();
  const visible: Flag[] = [...flags, ...COMMON_FLAGS].filter(({ hidden }) => hidden !== true);
  return { names: [name, ...(aliases ?? [])], summary, flags: visible, tools: TOOL_COMMANDS.has(name) };
}

/** Commands whose first argument is the name of something that can be run. */
const TOOL_COMMANDS: ReadonlySet<string> = new Set(["exec", "which", "uninstall"]);
