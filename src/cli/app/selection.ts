import { UsageError } from "../../base/errors.ts";
import type { AppConfig } from "../../apps/config/app_schema.ts";
import { parseApps } from "../../apps/config/parse_apps.ts";
import { openProject } from "../../tools/project/project.ts";
import type { Context } from "../command.ts";
import { type AppOptions, meansAll, type ProjectSelection, type Selection } from "./app_options.ts";

/**
 * The apps that are meant: the project's, or those of every project. `all` means the latter where no project
 * is, but only for commands that look.
 *
 * @throws {UsageError} for `all` without a project, where a command changes what runs
 */
export function selectionOf(
  { names, everyProject }: Pick<AppOptions, "names" | "everyProject">,
  context: Context,
  { changes = false }: { changes?: boolean } = {},
): Selection {
  if (everyProject) return { names: meansAll(names) ? [] : [...names] };
  if (!meansAll(names)) return { ...projectOf(context), names: [...names] };
  const isOutside = context.remote === undefined &&
    openProject(context.cwd, context).files.manifestPath === undefined;
  if (isOutside && changes) {
    throw new UsageError(`No project is in "${context.cwd}" or above it, whose apps "all" could mean`, {
      next: "Go to the project, or write --every-project for the apps of all",
    });
  }
  return isOutside ? { names: [] } : { ...projectOf(context), names: [] };
}

/** @throws {HaftError} where nothing is meant, because no project is there */
export function requireProject(
  apps: readonly unknown[],
  { everyProject = false }: { everyProject?: boolean },
  context: Context,
): void {
  if (apps.length > 0 || everyProject || context.remote !== undefined) return;
  openProject(context.cwd, context).requireManifest();
}

/** How the daemon that is asked knows the project. */
export function projectOf(context: Context): { root: string } | { cwd: string } {
  return context.remote === undefined ? { root: rootOf(context) } : { cwd: context.cwd };
}

/** The project's own apps, for what is done with one project at a time. */
export function projectSelection(names: readonly string[], context: Context): ProjectSelection {
  return { root: rootOf(context), names: meansAll(names) ? [] : [...names] };
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
