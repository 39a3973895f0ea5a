/**
 * The hook at the prompt: applies the project's variables when the shell enters a directory, and undoes them
 * when it leaves. The shell itself sees whether anything changed, and starts haft only then; haft answers
 * with code for that shell (prompt_step.ts).
 *
 * What was there before is kept in exported variables, so that a shell inside this one can undo it too:
 * `HAFT_HOOKED` has the names (`A:B-:`, with `-` for one that was not exported), `HAFT_OLD_A` the values.
 */
import { shellQuote } from "../base/shell_quote.ts";
import { fishQuoted } from "./shell.ts";

/** The shells that have a hook. */
export const HOOK_SHELLS = ["bash", "zsh", "fish"] as const;

export type HookShell = typeof HOOK_SHELLS[number];

/**
 * The hook as code for a shell's start-up file. It may be sourced often.
 *
 * @param haft the argv that starts haft
 */
export function promptHook(shell: HookShell, haft: readonly string[]): string {
  const words = [...haft, "env", "--hook", "--shell", shell];
  return shell === "fish" ? fishHook(words.map(fishQuoted)) : posixHook(shell, words.map(shellQuote));
}

function posixHook(shell: "bash" | "zsh", words: readonly string[]): string {
  const isZsh = shell === "zsh";
  return `_haft_undo() {
  local item name rest="\${HAFT_HOOKED-}"
  while [ -n "$rest" ]; do
    item="\${rest%%:*}"
    rest="\${rest#*:}"
    name="\${item%-}"
    case "$name" in ''|[0-9]*|*[!A-Za-z0-9_]*) continue ;; esac
    if eval "[ \\"\\\${HAFT_OLD_$name+set}\\" ]"; then
      eval "export $name=\\"\\$HAFT_OLD_$name\\""
      [ "$item" = "$name" ] || ${isZsh ? "typeset -g +x" : "export -n"} "$name"
    else
      unset "$name"
    fi
    unset "HAFT_OLD_$name"
  done
  unset HAFT_HOOKED
}
_haft_hook() {
  local last=$?
  ${isZsh ? "emulate -L zsh" : ":"}
  if [ "$PWD" != "\${_haft_directory-}" ] || ! _haft_unchanged; then
    _haft_directory="$PWD"
    _haft_undo
    _haft_unchanged() { :; }
    eval "$(${words.join(" ")})"
  fi
  return "$last"
}
unset _haft_directory
${isZsh ? ZSH_REGISTRATION : BASH_REGISTRATION}
`;
}

const ZSH_REGISTRATION = `autoload -Uz add-zsh-hook
add-zsh-hook precmd _haft_hook
add-zsh-hook chpwd _haft_hook`;

const BASH_REGISTRATION = `case " \${PROMPT_COMMAND[*]-} " in
  *_haft_hook*) ;;
  *) PROMPT_COMMAND="_haft_hook\${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
esac`;

function fishHook(words: readonly string[]): string {
  return `function _haft_undo
  for item in (string split -n : -- "$HAFT_HOOKED")
    set -l name (string replace -r -- '-$' '' $item)
    string match -qr '^[A-Za-z_][A-Za-z0-9_]*$' -- $name; or continue
    set -l old HAFT_OLD_$name
    if set -q $old
      if test "$item" = "$name"
        set -gx $name $$old
      else
        set -gu $name $$old
      end
      set -eg $old
    else
      set -eg $name
    end
  end
  set -eg HAFT_HOOKED
end
function _haft_hook --on-event fish_prompt --on-variable PWD
  set -l last $status
  if test "$PWD" != "$_haft_directory"; or not _haft_unchanged
    set -g _haft_directory "$PWD"
    _haft_undo
    function _haft_unchanged; end
    ${words.join(" ")} | source
  end
  return $last
end
set -g _haft_directory
`;
}
