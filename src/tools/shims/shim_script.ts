/**
 * Shims: one small script for each executable, in one directory for PATH. A shim looks for the entry that
 * `haft exec` left for the directory it is run in (see shim_entry.ts), which checks that nothing has changed
 * and starts the tool; without one, or when it finds a change, `haft exec` decides.
 */
import { type Env, envValue } from "../../base/env.ts";
import { shellQuote } from "../../base/shell_quote.ts";
import { SHIM_MARK } from "../shim_mark.ts";

/** Variables that decide where haft keeps things. */
const HOME_VARIABLES = [
  "HAFT_HOME",
  "XDG_DATA_HOME",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "HOME",
] as const;

export interface ShimOptions {
  /** The argv that starts haft. */
  haft: readonly string[];
  /** Where the entries are. */
  cache: string;
  /** The environment that chose those places; with another one the shim does not trust its entries. */
  env: Env;
}

/** The name of the entry of an executable in the cache's mirror of a directory. */
export function shimEntryName(name: string): string {
  return `.haft-run-${name}`;
}

/** A shim for POSIX shells. */
export function shShim(name: string, { haft, cache, env }: ShimOptions): string {
  const [program = "haft", ...args] = haft;
  const rest = [...args, "exec", "--shim", name, "--"].map(shellQuote).join(" ");
  // MISE_ENV chooses version files, and entries are made without it.
  const home = [...HOME_VARIABLES, "MISE_ENV"].map((variable) => `\${${variable}-}`).join(":");
  const known = [...HOME_VARIABLES.map((variable) => envValue(env, variable) ?? ""), ""].join(":");
  // In braces, so that a shell runs nothing of a shim that was cut short.
  return `#!/bin/sh
# ${SHIM_MARK}. "haft shims" writes it again.
{
haft_ask() {
  [ -x ${shellQuote(program)} ] || exec haft exec --shim ${shellQuote(name)} -- "$@"
  exec ${shellQuote(program)} ${rest} "$@"
}
haft_entry=${shellQuote(cache)}"$PWD"/${shellQuote(shimEntryName(name))}
# Some shells take PWD as the environment has it, and ".." leads out of the cache.
case $PWD/ in */../* | */./*) haft_entry= ;; esac
# An entry that another user made says nothing.
if [ "${home}" = ${shellQuote(known)} ] && [ -f "$haft_entry" ] && [ -O "$haft_entry" ]; then
  # A shell that cannot read or parse the entry ends there: then, too, haft decides.
  trap 'haft_ask "$@"' EXIT
  . "$haft_entry"
  trap - EXIT
fi
haft_ask "$@"
}
`;
}

/** A shim for cmd.exe and PowerShell. */
export function cmdShim(name: string, { haft }: Pick<ShimOptions, "haft">): string {
  const command = haft.map((word) => `"${word.replaceAll("%", "%%")}"`).join(" ");
  return `@rem ${SHIM_MARK}. "haft shims" writes it again.\r\n@${command} exec --shim "${name}" -- %*\r\n`;
}
