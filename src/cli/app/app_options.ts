import { UsageError } from "../../base/errors.ts";
import type { Context, ParsedArgs } from "../command.ts";
import { JSON_FLAG } from "../flag_values.ts";
import { HOST_FLAG, SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";

/** What every verb takes that does something with apps. */
export interface AppOptions {
  /** Empty for all of the project's; `all` alone for those of every project. */
  names: readonly string[];
  json: boolean;
  socket: string | undefined;
}

/** Which apps are meant, as the daemon's methods take it. */
export interface Selection {
  root?: string;
  /** A directory of another host's, which knows the project that it is in. */
  cwd?: string;
  names: string[];
}

/** Apps of one project of this machine. */
export interface ProjectSelection {
  root: string;
  names: string[];
}

/** What commands say that find nothing to start. */
export const NONE_STARTS =
  "No app of this project has autostart\n  Name the apps to start, or declare some under [apps] in haft.toml\n";

export const APP_FLAGS = [JSON_FLAG, HOST_FLAG, SOCKET_FLAG];

/** @throws {UsageError} for a command after `--`, which only `haft app start` takes */
export function parseAppOptions(args: ParsedArgs): AppOptions {
  if (args.rest.length > 0) {
    throw new UsageError('Only "haft app start" takes a command', {
      next: 'Write "haft app start NAME -- COMMAND…"',
    });
  }
  return { names: args.positional, json: args.flags.has("json"), socket: socketFlag(args) };
}

/** `all` stands for the apps of every project. @throws {UsageError} when there are names besides */
export function meansAll(names: readonly string[]): boolean {
  if (names.length === 1 && names[0] === "all") return true;
  if (!names.includes("all")) return false;
  throw new UsageError('"all" stands alone', { next: "Name the apps, or write all, or nothing" });
}

/**
 * Asks the daemon about the apps that are named, and lets it find the project: to read one's files here would
 * take longer than the answer.
 *
 * @throws {HaftError} as the project's own reader has it, where the project is what is wrong
 */
export async function askInPlace<Result>(
  names: readonly string[],
  context: Context,
  ask: (place: { cwd?: string; names: string[] }) => Promise<Result>,
): Promise<Result> {
  const isAll = meansAll(names);
  try {
    return await ask(isAll ? { names: [] } : { cwd: context.cwd, names: [...names] });
  } catch (error) {
    if (!isAll && context.remote === undefined) {
      const { openProject } = await import("../../tools/project/project.ts");
      openProject(context.cwd, context);
    }
    throw error;
  }
}
