import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { noFurther } from "../flag_values.ts";
import { isShell, type Shell, SHELLS } from "../shell.ts";
import { completionScript } from "./scripts.ts";

export interface CompletionsOptions {
  shell: Shell;
}

export const command: Command<CompletionsOptions> = {
  usage: [SHELLS.join("|")],
  flags: [],
  examples: [
    'bash: eval "$(haft completions bash)" in ~/.bashrc',
    'zsh: eval "$(haft completions zsh)" in ~/.zshrc, after compinit',
    "fish: haft completions fish > ~/.config/fish/completions/haft.fish",
    "PowerShell: haft completions powershell | Out-String | Invoke-Expression",
  ],
  completes: SHELLS,
  readOnly: true,
  parse,
  run,
};

function parse({ positional: [shell, ...extra] }: ParsedArgs): CompletionsOptions {
  noFurther(extra);
  if (shell !== undefined && isShell(shell)) return { shell };
  throw new UsageError(shell === undefined ? "Which shell? None was named" : `Unknown shell "${shell}"`, {
    next: `Known shells: ${SHELLS.join(", ")}`,
  });
}

async function run({ shell }: CompletionsOptions, context: Context): Promise<ExitCode> {
  await context.stdout.data(completionScript(shell));
  return ExitCode.ok;
}
