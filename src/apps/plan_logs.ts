import { resolve, sep } from "node:path";
import type { Env } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { expandPath } from "./config/expand_variables.ts";
import type { LogTargets } from "./logs/log_copier.ts";

/** Where the daemon's own output is, or devices that cannot be copied to. */
const NO_FILES = /^\/(dev|proc)\//;

/** What the output of an app would spoil. */
const OWN_FILES = /[/\\]haft(\.local)?\.(toml|lock)$/;

/**
 * The files that an app's output is copied to: below the project's directory, with the variables of the app
 * and `~` for its home.
 *
 * @param place.never haft's directory of logs: a copy in there would be copied for ever
 * @throws {HaftError} when one of them is no place for a log
 */
export function planLogs(
  { log: { file, stdout, stderr } }: Pick<AppConfig, "log">,
  { root, env, never }: { root: string; env: Env; never: string },
): LogTargets {
  const path = (written: string): string => {
    const filled = expandPath(written, (name) => env[name]);
    const absolute = resolve(root, filled);
    const isForbidden = (NO_FILES.test(absolute) && absolute !== "/dev/null") || /[/\\]$/.test(filled) ||
      OWN_FILES.test(absolute);
    if (filled.trim() === "" || isForbidden || absolute === never || absolute.startsWith(`${never}${sep}`)) {
      throw new HaftError(`"${written}" is no file for a log`, {
        next: 'Name a file such as "logs/app.log"',
      });
    }
    return absolute;
  };
  const both = file === undefined ? [] : [path(file)];
  const paths = (own: string | undefined) => [...new Set([...own === undefined ? [] : [path(own)], ...both])];
  return { stdout: paths(stdout), stderr: paths(stderr) };
}
