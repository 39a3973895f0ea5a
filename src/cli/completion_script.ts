import type { Flag } from "./command.ts";
import type { Shell } from "./shell.ts";

/** A command as completions show it. */
export interface CompletedCommand {
  names: readonly string[];
  summary: string;
  flags: readonly Flag[];
  /** Whether its argument is a tool of the project. */
  tools: boolean;
}

/** What lists the tools of the project at hand; it reads files and runs nothing. */
const TOOL_NAMES = "haft ls --names 2>/dev/null";

/** A script that teaches the shell haft's commands, their options, and the project's tools. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
    case "powershell":
      return powershell(commands);
  }
}

function words(flags: readonly Flag[]): string[] {
  return flags.flatMap(({ name, short }) => short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`]);
}

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ names, flags, tools }) =>
    `    ${names.join("|")}) options='${words(flags).join(" ")}'${tools ? ` tools=$(${TOOL_NAMES})` : ""} ;;`
  );
  return `_haft() {
  local current=\${COMP_WORDS[COMP_CWORD]} options= tools=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${
    commands.flatMap(({ names }) => names).join(" ")
  } --help --version' -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$tools" -- "$current")) ;;
  esac
}
complete -o default -F _haft haft
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const list = commands.flatMap(({ names, summary }) =>
    names.map((name) => `    '${name}:${zshText(summary)}'`)
  );
  const cases = commands.map(({ names, flags, tools }) => {
    const specs = flags.flatMap(zshFlag);
    if (tools) specs.push(`'1:tool:($(${TOOL_NAMES}))'`);
    specs.push("'*:file:_files'");
    return `    ${names.join("|")}) _arguments ${specs.join(" ")} ;;`;
  });
  return `#compdef haft
_haft() {
  local -a commands
  commands=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
compdef _haft haft
`;
}

function zshFlag({ name, short, value, description }: Flag): string[] {
  const rest = `[${zshText(description)}]${value === undefined ? "" : `:${value}:`}`;
  return [
    `'--${name}${value === undefined ? "" : "="}${rest}'`,
    ...(short === undefined ? [] : [`'-${short}${rest}'`]),
  ];
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = ["complete -c haft -f"];
  for (const { names, summary, flags, tools } of commands) {
    for (const name of names) {
      lines.push(`complete -c haft -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`);
    }
    const when = `-n '__fish_seen_subcommand_from ${names.join(" ")}'`;
    for (const { name, short, value, description } of flags) {
      const shortPart = short === undefined ? "" : ` -s ${short}`;
      lines.push(
        `complete -c haft ${when} -l ${name}${shortPart}${value === undefined ? "" : " -r"} -d ${
          fishText(description)
        }`,
      );
    }
    if (tools) lines.push(`complete -c haft ${when} -a '(${TOOL_NAMES})'`);
  }
  return lines.join("\n") + "\n";
}

function fishText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function powershell(commands: readonly CompletedCommand[]): string {
  const quoted = (items: readonly string[]) => items.map((item) => `'${item}'`).join(", ");
  const rows = commands.flatMap(({ names, flags }) =>
    names.map((name) => `  '${name}' = @(${quoted(words(flags))})`)
  );
  const tools = commands.filter((command) => command.tools).flatMap(({ names }) => names);
  return `Register-ArgumentCompleter -Native -CommandName haft -ScriptBlock {
  param($word, $ast, $position)
  $options = @{
${rows.map((row) => `  ${row}`).join("\n")}
  }
  $words = @($ast.CommandElements | ForEach-Object { $_.ToString() })
  if ($words.Count -lt 2 -or ($words.Count -eq 2 -and $word -ne '')) { $found = $options.Keys | Sort-Object }
  elseif ($word -like '-*') { $found = $options[$words[1]] }
  elseif (@(${quoted(tools)}) -contains $words[1]) { $found = @(haft ls --names) }
  else { $found = @() }
  $found | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;
}
