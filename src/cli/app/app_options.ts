import { UsageError } from "../../base/errors.ts";
import type { ParsedArgs } from "../command.ts";
import { JSON_FLAG } from "../flag_values.ts";
import { HOST_FLAG, SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

/** What every verb takes that does something with apps. */
export interface AppOptions {
  /**
   * Empty for all of the project's. `all` alone means the same, and where no project is, {@link
   * everyProject}.
   */
  names: readonly string[];
  /** The apps of every project of the user. */
  everyProject: boolean;
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

/** What commands say that find nothing to start. @param declared the apps that haft.toml has */
export function noneStartsText(
  declared: ReadonlyMap<string, { profiles?: readonly string[]; autostart?: unknown }>,
): string {
  if (declared.size === 0) return nothingHereText("apps");
  const profiles = new Set([...declared.values()].flatMap((app) => app.profiles ?? []));
  const byProfile = profiles.size === 0
    ? ""
    : `, and "haft app up --profile ${[...profiles].join(",")}" starts those of its profiles`;
  return "No app of this project starts by itself\n" +
    `  Name the apps to start; "haft app list" lists them${byProfile}\n`;
}

/** What commands say of every project's apps where there are none. */
export const NO_APPS_ANYWHERE = "No project of yours has apps\n";

const EVERY_PROJECT = {
  name: "every-project",
  description: "The apps of every project, or those of the names",
};

/** For verbs that can act on apps of one project alone. */
export const PROJECT_APP_FLAGS = [JSON_FLAG, HOST_FLAG, SOCKET_FLAG];
export const APP_FLAGS = [EVERY_PROJECT, ...PROJECT_APP_FLAGS];

/** @throws {UsageError} for a command after `--`, which only `haft app start` takes */
export function parseAppOptions(args: ParsedArgs): AppOptions {
  if (args.rest.length > 0) {
    throw new UsageError('Only "haft app start" takes a command', {
      next: 'Write "haft app start NAME -- COMMAND…"',
    });
  }
  const { positional: names, flags } = args;
  const everyProject = flags.has("every-project");
  if (names.length > 1 && names.includes("all")) {
    throw new UsageError('"all" stands alone', { next: "Name the apps, or write all, or nothing" });
  }
  return { names, everyProject, json: flags.has("json"), socket: socketFlag(args) };
}

export function meansAll(names: readonly string[]): boolean {
  return names[0] === "all";
}
