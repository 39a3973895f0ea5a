import { UsageError } from "../../base/errors.ts";
import type { AppConfig } from "../../apps/config/app_schema.ts";
import { parseApps } from "../../apps/config/parse_apps.ts";
import { manifestRoot } from "../../tools/project/manifests.ts";
import { openProject } from "../../tools/project/project.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";
import type { Context } from "../command.ts";
import { projectPlace, tellMistake } from "../project_place.ts";
import {
  type AppOptions,
  meansAll,
  NO_APPS_ANYWHERE,
  type ProjectSelection,
  type Selection,
} from "./app_options.ts";

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
  const isOutside = context.remote === undefined && manifestRoot(context.cwd) === undefined;
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
  // A project whose haft.toml has a mistake is there, and the command has warned of it.
  if (projectPlace(context).mistake !== undefined) return;
  openProject(context.cwd, context).requireManifest();
}

/**
 * What is said where none of the apps that are meant is known to the daemon, as none was started.
 *
 * @throws {HaftError} where no project is there
 */
export function noneStartedText(
  apps: readonly unknown[],
  { names, everyProject = false }: { names: readonly string[]; everyProject?: boolean },
  context: Context,
): string {
  requireProject(apps, { everyProject }, context);
  if (everyProject) return NO_APPS_ANYWHERE;
  if (context.remote === undefined && apps.length === 0 && projectPlace(context).mistake === undefined) {
    const { files } = openProject(context.cwd, context);
    if (Object.keys(files.apps).length === 0) return nothingHereText("apps");
  }
  const all = names.length === 0 || meansAll(names);
  const meant = all
    ? "no app of this project was"
    : `${names.join(", ")} ${names.length === 1 ? "was" : "were"} not`;
  return `Nothing to do: ${meant} started\n  "haft app status" says how the apps are\n`;
}

/** How the daemon that is asked knows the project; it does also while a haft.toml has a mistake. */
export function projectOf(context: Context): { root: string } | { cwd: string } {
  if (context.remote !== undefined) return { cwd: context.cwd };
  const { root, mistake } = projectPlace(context);
  if (mistake !== undefined) tellMistake(mistake, context);
  return { root };
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
