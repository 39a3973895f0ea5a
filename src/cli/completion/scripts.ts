import type { Shell } from "../shell.ts";

/**
 * A script that makes the shell ask `haft complete` for what can come next. The answer has a word and, after
 * a tab, its description on each line; `:files` alone stands for the names of files.
 */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  // bash splits words at : and =. The script joins them first, and cuts what is before from the answers.
  bash: `_haft() {
  local words=() word line before i
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((\${#words[@]} > 0)) && [[ $word == [:=]* || \${words[\${#words[@]} - 1]} == *[:=] ]]; then
      words[\${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
  done
  word=\${words[\${#words[@]} - 1]}
  before=\${word%"\${word##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
      return
    fi
    line=\${line%%$'\\t'*}
    COMPREPLY+=("\${line#"$before"}")
  done < <(haft complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _haft haft
`,
  // As a file in fpath, the script is itself the body of a function that zsh calls for the first completion.
  zsh: `#compdef haft
_haft() {
  local -a candidates
  local line
  for line in "\${(@f)$(haft complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      _files
      return
    fi
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe -V haft candidates
}
if [[ $funcstack[1] == _haft ]]; then _haft "$@"; else compdef _haft haft; fi
`,
  fish: `function __haft_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l lines (haft complete -- $words (commandline -ct) 2>/dev/null)
  if test "$lines" = :files
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $lines
  end
end
complete -c haft -f -a '(__haft_complete)'
`,
  // Before 7.3, PowerShell drops empty arguments; a pair of quotes stands for one.
  powershell: `Register-ArgumentCompleter -Native -CommandName haft -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $words += '""' }
  haft complete '--' $words 2>$null | ForEach-Object {
    $value, $description = $_ -split "\`t", 2
    if ($value -eq ':files') {
      [System.Management.Automation.CompletionCompleters]::CompleteFilename($word)
    } elseif ($value) {
      if (-not $description) { $description = $value }
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
  }
}
`,
};
