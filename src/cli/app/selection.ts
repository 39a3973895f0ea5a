import { UsageError } from "../../base/errors.ts";
import type { AppConfig } from "../../apps/config/app_schema.ts";
import { parseApps } from "../../apps/config/parse_apps.ts";
import { openProject } from "../../tools/project/project.ts";
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

/** The apps that are named: the project's, or those of every project with `all`. @throws {UsageError} */
export function selectionOf(names: readonly string[], context: Context): Selection {
  if (names.length === 1 && names[0] === "all") return { names: [] };
  if (names.includes("all")) {
    throw new UsageError('"all" stands alone', { next: "Name the apps, or write all, or nothing" });
  }
  return { ...projectOf(context), names: [...names] };
}

/** How the daemon that is asked knows the project. */
export function projectOf(context: Context): { root: string } | { cwd: string } {
  return context.remote === undefined ? { root: rootOf(context) } : { cwd: context.cwd };
}

/** The project's own apps, for what is done with one project at a time. */
export function projectSelection(names: readonly string[], context: Context): ProjectSelection {
  return { root: rootOf(context), names: selectionOf(names, context).names };
}

/** The directory that the project's apps are known by. */
export function rootOf(context: Context): string {
  return openProject(context.cwd, context).root;
}

/**
 * Checks the project's `[apps]` before anything is done with them.
 *
 * @throws {UsageError} with what is wrong in the manifest
 */
export function checkApps(context: Context): ReadonlyMap<string, AppConfig> {
  // Another host has its own.
  if (context.remote !== undefined) return new Map();
  const { apps, manifestPath } = openProject(context.cwd, context).files;
  return manifestPath === undefined ? new Map() : parseApps(apps, manifestPath);
}
