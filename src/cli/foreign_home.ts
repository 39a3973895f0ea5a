import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { envValue } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { shellQuote } from "../base/shell_quote.ts";
import type { Context } from "./command.ts";

interface Owned {
  path: string;
  uid: number;
}

/**
 * Root's files in another user's home would lock that user out of their own haft, as `sudo haft` with the
 * caller's HOME would make them.
 *
 * @param args what follows `haft`, for the command that would be right
 * @throws {HaftError} when this process is root's and one of haft's directories is another user's
 */
export function refuseForeignHome(
  { paths, env }: Pick<Context, "paths" | "env">,
  args: readonly string[],
): void {
  const foreign = foreignDirectory(paths);
  if (foreign === undefined) return;
  const owner = accountOf(foreign.uid);
  const command = ["haft", ...args].map(shellWord).join(" ");
  const unset = DIRECTORY_VARIABLES.filter((name) => envValue(env, name) !== undefined).map((name) =>
    `-u ${name} `
  );
  throw new HaftError(
    `"${foreign.path}" belongs to ${owner ?? `user ${foreign.uid}`}, and haft runs as root`,
    {
      next: `As its owner: sudo -H -u ${shellWord(owner ?? `#${foreign.uid}`)} ${command}
For root itself: ${unset.length === 0 ? "" : `env ${unset.join("")}`}HOME=~root ${command}`,
    },
  );
}

const DIRECTORY_VARIABLES = [
  "HAFT_HOME",
  "XDG_DATA_HOME",
  "XDG_CACHE_HOME",
  "XDG_STATE_HOME",
  "XDG_CONFIG_HOME",
];

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellQuote(text);
}

/** One of haft's directories, or where it would be made, when root runs haft and another user owns it. */
export function foreignDirectory({ store, state, config, exec }: Paths): Owned | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return [store, state, config, exec].map(nearestExisting).find(({ uid }) => uid !== 0);
}

function nearestExisting(path: string): Owned {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) return { path, uid: stat.uid };
  return dirname(path) === path ? { path, uid: 0 } : nearestExisting(dirname(path));
}

/** The account's name, where the system's own list of accounts has it. */
function accountOf(uid: number): string | undefined {
  try {
    const line = readFileSync("/etc/passwd", "utf8").split("\n").find((one) =>
      one.split(":")[2] === String(uid)
    );
    return line?.split(":")[0];
  } catch {
    return undefined;
  }
}
