import { readFileSync } from "node:fs";
import process from "node:process";
import { envValue } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import { foreignDirectory } from "../base/foreign_directory.ts";
import { shellWord } from "../base/shell_quote.ts";
import type { Context } from "./command.ts";

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

/** The error where HOME, or another variable of haft's directories, is another user's who lets nobody in. */
export function unreadableHome(
  { paths, home }: Pick<Context, "paths" | "home">,
  args: readonly string[],
): HaftError {
  const user = accountOf(process.geteuid?.() ?? -1) ?? `user ${process.geteuid?.()}`;
  const command = ["haft", ...args].map(shellWord).join(" ");
  return new HaftError(`${user} may not look into "${paths.config}", and HOME is "${home}"`, {
    next: `With a HOME of its own: sudo -H -u ${shellWord(user)} ${command}`,
  });
}

const DIRECTORY_VARIABLES = [
  "HAFT_HOME",
  "XDG_DATA_HOME",
  "XDG_CACHE_HOME",
  "XDG_STATE_HOME",
  "XDG_CONFIG_HOME",
];

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
