import { readTextFile } from "../../base/read_text_file.ts";
import { dirname, join } from "node:path";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { type Manifest, parseManifest } from "../manifest/parse_manifest.ts";
import type { Settings } from "../manifest/manifest_schema.ts";
import { parseVersionFile, VERSION_FILES, type VersionFileContent } from "../manifest/version_files.ts";
import type { ToolRequest } from "../request.ts";
import { readUserConfig, type UserConfig } from "./user_config.ts";
import { userConfigPath } from "./user_config_path.ts";

export const MANIFEST_NAME = "haft.toml";
export const LOCK_NAME = "haft.lock";

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
  /** One request a tool: the nearest file decides, and haft.toml before others in the same directory. */
  requests: ToolRequest[];
  /**
   * What the user asks for everywhere and this project does not decide. It has a lock file of its own: a
   * project's names only what the project asks for.
   */
  userRequests: ToolRequest[];
  userLockPath: string;
  /** Requests that a nearer file overruled, nearest first. */
  shadowed: ToolRequest[];
  /** What version files ask for that haft cannot give. */
  skipped: VersionFileContent["skipped"];
  /** `[env]` of the nearest haft.toml; null takes a variable away. */
  env: Record<string, string | null>;
  /** `[apps]` of the nearest haft.toml, as it is written. */
  apps: Record<string, unknown>;
  /** `[backends]` of the nearest haft.toml, as it is written. */
  backends: Record<string, unknown>;
  /** `[tasks]` of the nearest haft.toml, as it is written. */
  tasks: Record<string, unknown>;
  /** `[settings]` of the nearest haft.toml. */
  settings: Settings;
  /** `[mirrors]` of the nearest haft.toml. */
  mirrors: Record<string, string>;
  /** What the project's .npmrc says of registries and credentials, line by line, with nothing filled in. */
  registry: string[];
  /** The user's own settings. */
  user: UserConfig;
  /** Every file that was looked for, there or not: while they stay as they are, so does this. */
  lookedFor: string[];
}

/**
 * Reads the files of a directory and of every directory above it, up to the root of the file system: a
 * project inside another has from the outer one what it does not say itself.
 *
 * @throws {UsageError} when a haft.toml is wrong
 */
export function readProjectFiles(
  cwd: string,
  { home, paths }: { home: string; paths: Pick<Paths, "config"> },
): ProjectFiles {
  const files: ProjectFiles = {
    root: cwd,
    manifestPath: undefined,
    lockPath: join(cwd, LOCK_NAME),
    requests: [],
    userRequests: [],
    userLockPath: join(paths.config, LOCK_NAME),
    shadowed: [],
    skipped: [],
    env: {},
    apps: {},
    backends: {},
    tasks: {},
    settings: {},
    mirrors: {},
    registry: [],
    user: readUserConfig(paths.config),
    lookedFor: [userConfigPath(paths.config)],
  };
  let versionFileRoot: string | undefined;
  for (const directory of ancestors(cwd)) {
    const manifestPath = join(directory, MANIFEST_NAME);
    files.lookedFor.push(manifestPath);
    const manifest = readManifest(manifestPath);
    if (manifest !== undefined) addManifest(files, manifest, directory);
    for (const name of VERSION_FILES) {
      const path = join(directory, name);
      files.lookedFor.push(path);
      const text = readText(path);
      if (text === undefined) continue;
      const { requests, skipped } = parseVersionFile(text, { name, path });
      if (requests.length > 0) versionFileRoot ??= directory;
      addRequests(files, requests);
      files.skipped.push(...skipped);
    }
  }
  if (files.manifestPath === undefined && versionFileRoot !== undefined) files.root = versionFileRoot;
  files.lockPath = join(files.root, LOCK_NAME);
  addUserRequests(files, { home, config: paths.config });
  const npmrc = join(files.root, ".npmrc");
  files.lookedFor.push(npmrc);
  // The one of the home directory is the user's own.
  if (files.root !== home) files.registry = registryLines(readText(npmrc) ?? "");
  return files;
}

/**
 * The user's own haft.toml, then `~/.tool-versions`, count in every directory. Where there is no project,
 * they are what there is.
 */
function addUserRequests(files: ProjectFiles, { home, config }: { home: string; config: string }): void {
  const isProject = files.manifestPath !== undefined || files.requests.length > 0;
  const [manifestPath, versionsPath] = [join(config, MANIFEST_NAME), join(home, ".tool-versions")];
  const found: ToolRequest[] = [];
  if (!files.lookedFor.includes(manifestPath)) {
    files.lookedFor.push(manifestPath);
    found.push(...readManifest(manifestPath)?.requests ?? []);
  }
  if (!files.lookedFor.includes(versionsPath)) {
    files.lookedFor.push(versionsPath);
    const text = readText(versionsPath);
    const place = { name: ".tool-versions", path: versionsPath };
    if (text !== undefined) found.push(...parseVersionFile(text, place).requests);
  }
  if (found.length === 0) return;
  files.lookedFor.push(files.userLockPath);
  if (!isProject) files.lockPath = files.userLockPath;
  const target = isProject ? files.userRequests : files.requests;
  for (const request of found) {
    const decided = [...files.requests, ...target].some(({ name }) => name === request.name);
    (decided ? files.shadowed : target).push(request);
  }
}

function addManifest(files: ProjectFiles, manifest: Manifest, directory: string): void {
  addRequests(files, manifest.requests);
  if (files.manifestPath !== undefined) return;
  const { path, env, apps, backends, tasks, settings, mirrors } = manifest;
  Object.assign(files, {
    root: directory,
    manifestPath: path,
    env,
    apps,
    backends,
    tasks,
    settings,
    mirrors,
  });
}

function addRequests(files: ProjectFiles, requests: readonly ToolRequest[]): void {
  for (const request of requests) {
    const decided = files.requests.some(({ name }) => name === request.name);
    (decided ? files.shadowed : files.requests).push(request);
  }
}

function readManifest(path: string): Manifest | undefined {
  const text = readText(path);
  return text === undefined ? undefined : parseManifest(text, path);
}

function readText(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw new HaftError(`Cannot read "${path}": ${code ?? errorMessage(error)}`, { cause: error });
  }
}

/**
 * A line can hide a key in quotes and escapes, so those count too: what is too much here is only shown, what
 * is too little would be used unseen.
 */
function registryLines(text: string): string[] {
  return text.split(/\r\n|[\r\n]/).map((line) => line.trim())
    .filter((line) => /^[^;#]/.test(line) && /registry|\/\/|_auth|_password|username|["'\\]/i.test(line));
}

function* ancestors(directory: string): Generator<string> {
  for (let at = directory;; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}
