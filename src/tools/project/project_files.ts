import type { Catalogue } from "../catalogue/catalogue.ts";
import { statSync } from "node:fs";
import { join, sep } from "node:path";
import { type Env, envValue } from "../../base/env.ts";
import { parseDotenv } from "../../base/dotenv.ts";
import { errorMessage } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import type { ProjectSettings } from "../manifest/manifest_schema.ts";
import { NO_INCLUDES, readTaskIncludes, type TaskIncludes } from "../manifest/task_includes.ts";
import {
  MISE_DIRECTORIES,
  parseVersionFile,
  type VersionFileContent,
  type VersionFilePlace,
  versionFilesIn,
} from "../manifest/version_files.ts";
import { VERSION_FILES, type VersionFileFamily } from "../manifest/version_files/families.ts";
import { projectSettings } from "../registry/npmrc_text.ts";
import type { ToolRequest } from "../request.ts";
import {
  ancestors,
  LOCAL_MANIFEST_NAME,
  MANIFEST_NAME,
  type Manifests,
  readManifest,
  readManifests,
  readText,
} from "./manifests.ts";
import { dotenvFiles } from "./code_variables.ts";
import { readUserConfig, type UserConfig } from "./user_config.ts";
import { userConfigPath } from "./user_config_path.ts";

export const LOCK_NAME = "haft.lock";
const LOCAL_LOCK_NAME = "haft.local.lock";

/** Requests with a lock file of their own, so that the project's names only what the project asks for. */
export interface RequestLayer {
  root: string;
  lockPath: string;
  requests: ToolRequest[];
}

/** What the files of a directory and of those above it say, all taken together. */
export interface ProjectFiles {
  /**
   * The directory of the nearest haft.toml; without one, of the nearest version file; else the directory
   * asked about.
   */
  root: string;
  /** The nearest haft.toml. */
  manifestPath: string | undefined;
  lockPath: string;
  /** What is known by name here: haft's own tools, and what the user and the manifests define. */
  catalogue: Catalogue;
  /** One request a tool: the nearest file decides, and haft.toml before others in the same directory. */
  requests: ToolRequest[];
  /** What the project asks for and a haft.local.toml decides otherwise: haft.lock keeps it. */
  overridden: ToolRequest[];
  /** What a haft.local.toml asks for instead of the project's files, or beyond them. */
  local: RequestLayer;
  /** What the user asks for everywhere and this project does not decide. */
  userWide: RequestLayer;
  /** Requests that a nearer file overruled, nearest first. */
  shadowed: ToolRequest[];
  /** What version files ask for that haft cannot give. */
  skipped: VersionFileContent["skipped"];
  /** Tools that the nearest file to name them leaves to the system. */
  system: string[];
  /** What `engines` of the nearest package.json allows. */
  constraints: VersionFileContent["constraints"];
  /** What is wrong in version files, each with the file and often the line. */
  problems: string[];
  /** `[env]` of the nearest haft.toml; null takes a variable away. */
  env: Record<string, string | null>;
  /** What the files of `dotenv` under `[settings]` say; it counts once the project is trusted. */
  dotenv: Record<string, string>;
  /** `[env]` of version files, which counts once it is trusted, and the nearest file that has one. */
  foreignEnv: Record<string, string | null>;
  foreignEnvFile: string | undefined;
  /** `[apps]` of the nearest haft.toml, as it is written. */
  apps: Record<string, unknown>;
  /** `[backends]` of the nearest haft.toml, as it is written. */
  backends: Record<string, unknown>;
  /** `[tasks]` of the nearest haft.toml and of the files that it includes, as they are written. */
  tasks: Record<string, unknown>;
  /** What of the tasks other files declare. */
  includes: TaskIncludes;
  /** `[settings]` of the nearest haft.toml. */
  settings: ProjectSettings;
  /** `[mirrors]` of the nearest haft.toml. */
  mirrors: Record<string, string>;
  /** What the project's .npmrc says of registries and credentials, with nothing filled in. */
  registry: [key: string, value: string][];
  /** The user's own settings. */
  user: UserConfig;
  /** Every file that was looked for, there or not: while they stay as they are, so does this. */
  lookedFor: string[];
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
  const choice = files.settings.version_files ?? userConfig.settings.version_files;
  const families = choice === false ? [] : choice === true || choice === undefined ? VERSION_FILES : choice;
  const environments = miseEnvironments(env);
  const decided = new Set<string>();
  let versionFileRoot: string | undefined;
  for (const directory of directories) {
    const { local, own, catalogue = files.catalogue } = manifests.get(directory) ?? {};
    addRequests(files, files.local.requests, { requests: local?.requests ?? [], decided });
    addRequests(files, files.requests, { requests: own?.requests ?? [], decided });
    for (const content of versionFileContents(directory, { files, families, environments, catalogue })) {
      if (addContent(files, content, decided)) versionFileRoot ??= directory;
    }
  }
  if (files.manifestPath === undefined && versionFileRoot !== undefined) files.root = versionFileRoot;
  files.lockPath = join(files.root, LOCK_NAME);
  Object.assign(files.local, { root: files.root, lockPath: join(files.root, LOCAL_LOCK_NAME) });
  addUserRequests(files, { home, config: paths.config, families, decided });
  const npmrc = join(files.root, ".npmrc");
  files.lookedFor.push(npmrc);
  // The one of the home directory is the user's own.
  if (files.root !== home) files.registry = projectSettings(readText(npmrc) ?? "");
  return files;
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
    local: { root: cwd, lockPath: join(cwd, LOCAL_LOCK_NAME), requests: [] },
    userWide: { root: config, lockPath: join(config, LOCK_NAME), requests: [] },
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

function* versionFileContents(
  directory: string,
  { files, families, environments, catalogue }: {
    files: ProjectFiles;
    families: readonly VersionFileFamily[];
    environments: readonly string[];
    catalogue: Catalogue;
  },
): Generator<VersionFileContent> {
  if (families.length === 0) return;
  const below = MISE_DIRECTORIES.filter((name) => {
    const path = join(directory, name);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return true;
    files.lookedFor.push(path);
    return false;
  });
  for (const file of versionFilesIn({ environments, below })) {
    if (!families.includes(file.family)) continue;
    const path = join(directory, ...file.name.split("/"));
    files.lookedFor.push(path);
    const content = readVersionFile(path, { family: file.family, catalogue }, files);
    if (content !== undefined) yield content;
  }
}

/** As of a haft.toml: a stranger's file must not keep haft busy. package.json can be long. */
const LONGEST_VERSION_FILE = 1024 * 1024;

/** A version file that cannot be read is another program's: it is told, and stops nothing. */
function readVersionFile(
  path: string,
  place: Pick<VersionFilePlace, "family" | "catalogue">,
  files: ProjectFiles,
): VersionFileContent | undefined {
  let text: string | undefined;
  try {
    text = readText(path);
  } catch (error) {
    files.problems.push(errorMessage(error));
    return undefined;
  }
  if (text !== undefined && text.length > LONGEST_VERSION_FILE) {
    files.problems.push(`${path} has ${text.length} characters, ${LONGEST_VERSION_FILE} at most`);
    return undefined;
  }
  return text === undefined ? undefined : parseVersionFile(text, { ...place, path, read: readText });
}

/** @returns whether the file asks for a tool */
function addContent(files: ProjectFiles, content: VersionFileContent, decided: Set<string>): boolean {
  const { requests, skipped, system, constraints, env, problems, alsoRead } = content;
  addRequests(files, files.requests, { requests, decided });
  for (const mention of skipped) {
    if (!decided.has(mention.name)) files.skipped.push(mention);
    decided.add(mention.name);
  }
  for (const name of system) {
    if (!decided.has(name)) files.system.push(name);
    decided.add(name);
  }
  const constrained = new Set(files.constraints.map(({ name }) => name));
  for (const constraint of constraints) {
    if (!constrained.has(constraint.name)) files.constraints.push(constraint);
    constrained.add(constraint.name);
  }
  if (Object.keys(env).length > 0) {
    files.foreignEnv = { ...env, ...files.foreignEnv };
    files.foreignEnvFile ??= content.file;
  }
  files.problems.push(...problems);
  files.lookedFor.push(...alsoRead);
  return requests.length > 0;
}

/** The first file to name a tool decides; the others are remembered. */
function addRequests(
  files: ProjectFiles,
  target: ToolRequest[],
  { requests, decided }: { requests: readonly ToolRequest[]; decided: Set<string> },
): void {
  const has = (list: readonly ToolRequest[], { name }: ToolRequest) => list.some((one) => one.name === name);
  for (const request of requests) {
    (decided.has(request.name) ? files.shadowed : target).push(request);
    const isLocal = has(files.local.requests, request) && target !== files.local.requests;
    if (isLocal && target === files.requests && !has(files.overridden, request)) {
      files.overridden.push(request);
    }
    decided.add(request.name);
  }
}

/**
 * The user's own haft.toml, then `~/.tool-versions`, count in every directory. Where there is no project,
 * they are what there is.
 */
function addUserRequests(
  files: ProjectFiles,
  { home, config, families, decided }: {
    home: string;
    config: string;
    families: readonly VersionFileFamily[];
    decided: Set<string>;
  },
): void {
  const isProject = files.manifestPath !== undefined || files.requests.length > 0;
  const [manifestPath, versionsPath] = [join(config, MANIFEST_NAME), join(home, ".tool-versions")];
  const target = isProject ? files.userWide.requests : files.requests;
  if (!files.lookedFor.includes(manifestPath)) {
    files.lookedFor.push(manifestPath);
    addRequests(files, target, {
      requests: readManifest(manifestPath, files.user.catalogue)?.requests ?? [],
      decided,
    });
  }
  if (!files.lookedFor.includes(versionsPath) && families.includes(".tool-versions")) {
    files.lookedFor.push(versionsPath);
    const content = readVersionFile(versionsPath, {
      family: ".tool-versions",
      catalogue: files.user.catalogue,
    }, files);
    addRequests(files, target, { requests: content?.requests ?? [], decided });
  }
  if (target.length === 0) return;
  files.lookedFor.push(files.userWide.lockPath);
  if (!isProject) files.lockPath = files.userWide.lockPath;
}
