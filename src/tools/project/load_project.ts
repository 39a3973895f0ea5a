import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Env } from "../../base/env.ts";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { type Manifest, parseManifest } from "../manifest/parse_manifest.ts";
import type { Settings } from "../manifest/manifest_schema.ts";
import { parseVersionFile, VERSION_FILES, type VersionFileContent } from "../manifest/version_files.ts";
import type { ToolRequest } from "../request.ts";
import { readUserConfig } from "./user_config.ts";
import { userConfigPath } from "./user_config_path.ts";

export const MANIFEST_NAME = "haft.toml";
export const LOCK_NAME = "haft.lock";

/** What a directory's project asks for, all files taken together. */
export interface Project {
  /** The directory of the nearest haft.toml; without one, of the nearest version file; without any, the one asked about. */
  root: string;
  /** The nearest haft.toml. */
  manifestPath: string | undefined;
  lockPath: string;
  /** One request a tool: the nearest file decides, and haft.toml before others in the same directory. */
  requests: ToolRequest[];
  /** Requests that a nearer file overruled, nearest first. */
  shadowed: ToolRequest[];
  /** What version files ask for that haft cannot give. */
  skipped: VersionFileContent["skipped"];
  /** Variables of the nearest haft.toml; null takes one away. */
  env: Record<string, string | null>;
  /** `[apps]` of the nearest haft.toml, as it is written. */
  apps: Record<string, unknown>;
  /** `[backends]` of the nearest haft.toml, as it is written. */
  backends: Record<string, unknown>;
  /** `[tasks]` of the nearest haft.toml, as it is written. */
  tasks: Record<string, unknown>;
  /** The project's settings over the user's. */
  settings: Settings;
  /** The project's mirrors over the user's. */
  mirrors: Record<string, string>;
  /** Directories that the user trusts in their own settings. */
  trustedPaths: string[];
  /** Every file that was looked for, there or not: while they stay as they are, so does the project. */
  lookedFor: string[];
}

export interface ProjectContext {
  env: Env;
  home: string;
  paths: Pick<Paths, "config">;
}

/**
 * Reads the project of a directory: its files and those of every directory above it, up to the root of the file system, so
 * that a project inside another has what it does not say itself from the outer one.
 *
 * @throws {UsageError} when a haft.toml is wrong
 */
export function loadProject(cwd: string, { paths }: ProjectContext): Project {
  const user = readUserConfig(paths.config);
  const project: Project = {
    root: cwd,
    manifestPath: undefined,
    lockPath: join(cwd, LOCK_NAME),
    requests: [],
    shadowed: [],
    skipped: [],
    env: {},
    apps: {},
    backends: {},
    tasks: {},
    settings: user.settings,
    mirrors: user.mirrors,
    trustedPaths: user.trustedPaths,
    lookedFor: [userConfigPath(paths.config)],
  };
  let versionFileRoot: string | undefined;
  for (const directory of ancestors(cwd)) {
    const manifestPath = join(directory, MANIFEST_NAME);
    project.lookedFor.push(manifestPath);
    const manifest = readManifest(manifestPath);
    if (manifest !== undefined) addManifest(project, manifest, directory);
    for (const name of VERSION_FILES) {
      const path = join(directory, name);
      project.lookedFor.push(path);
      const text = readText(path);
      if (text === undefined) continue;
      const { requests, skipped } = parseVersionFile(text, { name, path });
      if (requests.length > 0) versionFileRoot ??= directory;
      addRequests(project, requests);
      project.skipped.push(...skipped);
    }
  }
  if (project.manifestPath === undefined && versionFileRoot !== undefined) project.root = versionFileRoot;
  project.lockPath = join(project.root, LOCK_NAME);
  return project;
}

function addManifest(project: Project, manifest: Manifest, directory: string): void {
  addRequests(project, manifest.requests);
  if (project.manifestPath !== undefined) return;
  project.root = directory;
  project.manifestPath = manifest.path;
  project.env = manifest.env;
  project.apps = manifest.apps;
  project.backends = manifest.backends;
  project.tasks = manifest.tasks;
  project.settings = { ...project.settings, ...manifest.settings };
  project.mirrors = { ...project.mirrors, ...manifest.mirrors };
}

function addRequests(project: Project, requests: readonly ToolRequest[]): void {
  for (const request of requests) {
    const decided = project.requests.some(({ name }) => name === request.name);
    (decided ? project.shadowed : project.requests).push(request);
  }
}

function readManifest(path: string): Manifest | undefined {
  const text = readText(path);
  return text === undefined ? undefined : parseManifest(text, path);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw new HaftError(`Cannot read "${path}": ${code ?? errorMessage(error)}`, { cause: error });
  }
}

function* ancestors(directory: string): Generator<string> {
  for (let at = directory;; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}
