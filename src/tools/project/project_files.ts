import { join, sep } from "node:path";
import { type Env, envValue } from "../../base/env.ts";
import { parseDotenv } from "../../base/dotenv.ts";
import type { Paths } from "../../base/paths.ts";
import { NO_INCLUDES, readTaskIncludes, type TaskIncludes } from "../manifest/task_includes.ts";
import { projectSettings } from "../registry/npmrc_text.ts";
import type { ToolRequest } from "../request.ts";
import {
  ancestors,
  LOCAL_MANIFEST_NAME,
  MANIFEST_NAME,
  type Manifests,
  readManifests,
  readText,
} from "./manifests.ts";
import { type AskedTools, LOCK_NAME, newLayer, readLayers } from "./request_layers.ts";
import { dotenvFiles } from "./code_variables.ts";
import { readUserConfig, type UserConfig } from "./user_config.ts";
import { userConfigPath } from "./user_config_path.ts";

/** What the files of a directory and of those above it say, all taken together. */
export interface ProjectFiles extends AskedTools {
  /** The nearest haft.toml. */
  manifestPath: string | undefined;
  /** `[env]` of the nearest haft.toml; null takes a variable away. */
  env: Record<string, string | null>;
  /** What the files of `dotenv` under `[settings]` say; it counts once the project is trusted. */
  dotenv: Record<string, string>;
  /** `[apps]` of the nearest haft.toml, as it is written. */
  apps: Record<string, unknown>;
  /** `[backends]` of the nearest haft.toml, as it is written. */
  backends: Record<string, unknown>;
  /** `[tasks]` of the nearest haft.toml and of the files that it includes, as they are written. */
  tasks: Record<string, unknown>;
  /** What of the tasks other files declare. */
  includes: TaskIncludes;
  /** `[mirrors]` of the nearest haft.toml. */
  mirrors: Record<string, string>;
  /** What the project's .npmrc says of registries and credentials, with nothing filled in. */
  registry: [key: string, value: string][];
}

export interface FilesContext {
  env?: Env;
  home: string;
  paths: Pick<Paths, "config">;
}

/**
 * Reads the files of a directory and of every directory above it, up to the root of the file system: a
 * project inside another has from the outer one what it does not say itself.
 *
 * @throws {UsageError} when a haft.toml is wrong
 */
export function readProjectFiles(cwd: string, { env = {}, home, paths }: FilesContext): ProjectFiles {
  const userConfig = readUserConfig(paths.config);
  const files = emptyFiles(cwd, { config: paths.config, userConfig });
  const directories = [...ancestors(cwd)].filter((directory) => !isDependency(directory));
  const manifests = readManifests(directories, userConfig.catalogue);
  files.catalogue = manifests.get(directories[0] ?? cwd)?.catalogue ?? userConfig.catalogue;
  for (const directory of directories) addManifests(files, directory, manifests.get(directory));
  readLayers(files, { directories, manifests, environments: miseEnvironments(env), home, paths });
  const npmrc = join(files.root, ".npmrc");
  files.lookedFor.push(npmrc);
  // The one of the home directory is the user's own.
  if (files.root !== home) files.registry = projectSettings(readText(npmrc) ?? "");
  return files;
}

/** What all projects here ask for, this one and those around it; the user's own requests are no project's. */
export function projectRequests(
  { requests, local, outer }: Pick<ProjectFiles, "requests" | "local" | "outer">,
): ToolRequest[] {
  return [...requests, ...local.requests, ...outer.flatMap((layer) => layer.requests)];
}

function emptyFiles(
  cwd: string,
  { config, userConfig }: { config: string; userConfig: UserConfig },
): ProjectFiles {
  return {
    root: cwd,
    manifestPath: undefined,
    lockPath: join(cwd, LOCK_NAME),
    catalogue: userConfig.catalogue,
    requests: [],
    local: newLayer("local", cwd),
    outer: [],
    userWide: newLayer("elsewhere", config),
    overridden: [],
    shadowed: [],
    skipped: [],
    system: [],
    constraints: [],
    problems: [],
    env: {},
    dotenv: {},
    foreignEnv: {},
    foreignEnvFile: undefined,
    apps: {},
    backends: {},
    tasks: {},
    includes: NO_INCLUDES,
    settings: {},
    mirrors: {},
    registry: [],
    user: userConfig,
    lookedFor: [userConfigPath(config)],
  };
}

/** What lies in node_modules is other people's: it says nothing about the project's tools. */
function isDependency(directory: string): boolean {
  return directory.split(sep).includes("node_modules");
}

function miseEnvironments(env: Env): string[] {
  return (envValue(env, "MISE_ENV") ?? "").split(",").filter((name) => /^[A-Za-z0-9_-]+$/.test(name));
}

/**
 * Of the nearest directory that has a haft.toml or haft.local.toml, the sections count; in them the local
 * file comes before the other.
 */
function addManifests(files: ProjectFiles, directory: string, { local, own }: Partial<Manifests> = {}): void {
  const [localPath, path] = [join(directory, LOCAL_MANIFEST_NAME), join(directory, MANIFEST_NAME)];
  files.lookedFor.push(localPath, path);
  if (files.manifestPath === undefined && (own ?? local) !== undefined) {
    files.root = directory;
    files.manifestPath = (own ?? local)?.path;
    for (const name of ["env", "apps", "backends", "tasks", "settings", "mirrors"] as const) {
      Object.assign(files[name], own?.[name], local?.[name]);
    }
    for (const file of dotenvFiles(directory, files.settings)) {
      files.lookedFor.push(file);
      Object.assign(files.dotenv, parseDotenv(readText(file) ?? ""));
    }
    const named = { ...own?.includes, ...local?.includes };
    files.includes = readTaskIncludes(named, { manifest: path, read: readText });
    files.lookedFor.push(...files.includes.files);
    files.tasks = { ...files.includes.tasks, ...files.tasks };
  }
}
