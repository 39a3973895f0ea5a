import type { Env } from "./env.ts";

/**
 * What belongs to the caller's terminal or process and means nothing to work that the daemon does for it.
 * Agents (`SSH_AUTH_SOCK`) and everything else are handed over.
 */
const SESSION_NOISE =
  /^(_|SHLVL|PWD|OLDPWD|WINDOWID|COLUMNS|LINES|TERM_SESSION_ID|TERM_PROGRAM.*|ITERM_.*|TMUX.*|STY|PS[0-4]|PROMPT.*|GPG_TTY|SSH_TTY|SSH_CLIENT|SSH_CONNECTION|LS_COLORS|XDG_(SESSION|SEAT|VTNR).*|INVOCATION_ID|JOURNAL_STREAM|LISTEN_(FDS|PID|FDNAMES)|NOTIFY_SOCKET|HAFT_(APP|TASK|IPC|ARG)_.*|HISTFILE|BASH_FUNC_.*)$/;

/** What a program needs even where it inherits nothing. */
const ESSENTIAL =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|TERM|XDG_RUNTIME_DIR|HAFT_HOME|SYSTEMROOT|SYSTEMDRIVE|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|WINDIR)$/i;

/** The caller's environment for work that the daemon does, without the session's own variables. */
export function callerEnvironment(env: Env): Record<string, string> {
  return pick(env, (name) => !SESSION_NOISE.test(name));
}

/** The environment of work that inherits nothing from its caller but what every program needs. */
export function essentialEnvironment(env: Env): Record<string, string> {
  return pick(env, (name) => ESSENTIAL.test(name));
}

function pick(env: Env, wanted: (name: string) => boolean): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && wanted(name)) result[name] = value;
  }
  return result;
}
