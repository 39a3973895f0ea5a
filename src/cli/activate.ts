import { UsageError } from "../base/errors.ts";
import { shellQuote } from "../base/shell_quote.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { runtime } from "../runtime/mod.ts";
import { HOOK_SHELLS, promptHook } from "./prompt_hook.ts";
import { fishQuoted, isShell, type Shell, SHELLS } from "./shell.ts";

export interface ActivateOptions {
  shell: Shell;
  /** Also apply the project's variables at the prompt. */
  hook: boolean;
}

export const command: Command<ActivateOptions> = {
  usage: ["SHELL"],
  flags: [
    { name: "hook", description: "Apply [env] on entering a directory, undo it on leaving" },
  ],
  examples: [
    `eval "$(haft activate bash)"   # in ~/.bashrc; zsh: in ~/.zshrc`,
    `eval "$(haft activate zsh --hook)"   # with the project's variables`,
    "haft activate fish | source    # in ~/.config/fish/config.fish",
    "haft activate powershell | Out-String | iex   # in $PROFILE",
  ],
  completes: SHELLS,
  readOnly: true,
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): ActivateOptions {
  const [shell, extra] = [...positional, ...rest];
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`);
  const hook = flags.has("hook");
  if (hook && shell === "powershell") {
    throw new UsageError("PowerShell has no --hook", { next: `These have: ${HOOK_SHELLS.join(", ")}` });
  }
  if (shell !== undefined && isShell(shell)) return { shell, hook };
  throw new UsageError(shell === undefined ? "Which shell? None was named" : `Unknown shell "${shell}"`, {
    next: `Known shells: ${SHELLS.join(", ")}`,
  });
}

async function run({ shell, hook }: ActivateOptions, { stdout, paths }: Context): Promise<ExitCode> {
  await stdout.data(activationLine(shell, paths.shims));
  if (hook && shell !== "powershell") await stdout.data(promptHook(shell, runtime.selfCommand()));
  return ExitCode.ok;
}

/**
 * One line that puts the shims in front of PATH, wherever in it they were, and may be sourced often. Shims
 * look at the directory when they run.
 */
export function activationLine(shell: Shell, directory: string): string {
  switch (shell) {
    case "bash":
    case "zsh": {
      const take =
        'haft_rest=":$PATH:"; haft_rest="${haft_rest//":$haft_shims:"/:}"; haft_rest="${haft_rest#:}"';
      return `haft_shims=${shellQuote(directory)}; case "$PATH:" in "$haft_shims:"*) ;; *) ${take}; ` +
        `export PATH="$haft_shims\${haft_rest:+:\${haft_rest%:}}" ;; esac; unset haft_shims haft_rest\n`;
    }
    case "fish": {
      const path = fishQuoted(directory);
      return `set -gx PATH ${path} (for part in $PATH; test "$part" = ${path}; or echo $part; end)\n`;
    }
    case "powershell": {
      const path = `'${directory.replaceAll("'", "''")}'`;
      const separator = "[IO.Path]::PathSeparator";
      return `$env:PATH = (@(${path}) + @($env:PATH -split ${separator} | Where-Object { $_ -ne ${path} })) -join ${separator}\n`;
    }
  }
}
