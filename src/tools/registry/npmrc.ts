import { readTextFile } from "../../base/read_text_file.ts";
import { envReplace } from "@pnpm/config.env-replace";
import { realpathSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { type Env, envValue } from "../../base/env.ts";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import { isProxyKey, isRegistryKey, projectSettings, textSettings } from "./npmrc_text.ts";

/** Where a setting was found, so that a message can say it. */
export interface NpmSetting {
  value: string;
  /** A file's path, or `the variable NAME`. */
  source: string;
}

/** A setting that is not used, and why. */
export interface IgnoredSetting {
  key: string;
  source: string;
  reason: string;
}

export interface NpmrcFile {
  settings: Map<string, NpmSetting>;
  ignored: IgnoredSetting[];
}

const CREDENTIAL = /^\/\/([^/]+).*:(_authToken|_auth|username|_password)$/;

/**
 * The text settings of a .npmrc file, with variables filled in; a file that does not exist has none.
 * @throws {HaftError} when it cannot be read
 */
export function readNpmrc(path: string, { env }: { env: Env }): NpmrcFile {
  return parseNpmrc(readText(path) ?? "", { env, path });
}

/** As {@link readNpmrc}, of a project's file: of its settings those that trust has shown. */
export function readProjectNpmrc(path: string, { env }: { env: Env }): NpmrcFile {
  const shown = projectSettings(readText(path) ?? "");
  return withVariables(shown, { env, path });
}

/** Pure part of {@link readNpmrc}. */
export function parseNpmrc(text: string, place: { path: string; env: Env }): NpmrcFile {
  return withVariables(textSettings(text), place);
}

function withVariables(
  settings: readonly [key: string, value: string][],
  { path, env }: { path: string; env: Env },
): NpmrcFile {
  const file: NpmrcFile = { settings: new Map(), ignored: [] };
  for (const [rawKey, rawValue] of settings) {
    const key = expanded(rawKey, env);
    const value = expanded(rawValue, env);
    if (key === undefined || value === undefined) {
      file.ignored.push({ key: rawKey, source: path, reason: "it uses a variable that is not set" });
    } else file.settings.set(key, { value, source: path });
  }
  return file;
}

/** What a project's .npmrc says that its user has not trusted: none of it is used. */
export function untrustedSettings(path: string): IgnoredSetting[] {
  const reason = 'the project is not trusted; look at it, then run "haft trust"';
  return projectSettings(readIfReadable(path)).map(([key]) => ({ key, source: path, reason }));
}

/**
 * What trust in a project's .npmrc would allow, a sentence each: `packages of @acme come from HOST`,
 * `$TOKEN is sent to HOST`.
 */
export function npmrcClaims(settings: readonly [key: string, value: string][]): string[] {
  return [...new Set(settings.flatMap(([key, value]) => claimsOf(key, value)))];
}

function claimsOf(key: string, value: string): string[] {
  const host = CREDENTIAL.exec(key)?.[1];
  const variables = [...`${key}${value}`.matchAll(/\$\{?(\w+)/g)].map(([, name]) => `$${name}`);
  if (host !== undefined) {
    const sent = variables.length > 0 ? variables : ["a credential in the file"];
    return sent.map((what) => `${what} is sent to ${host}`);
  }
  if (isProxyKey(key)) return proxyClaims(key, value, variables);
  if (!isRegistryKey(key)) return key === "replace-registry-host" ? [`${key} is ${value}`] : [];
  const scope = key === "registry" ? "" : ` of ${key.slice(0, key.indexOf(":"))}`;
  const from = URL.canParse(value) && variables.length === 0 ? new URL(value).host : value;
  return [`packages${scope} come from ${from}`, ...variables.map((name) => `${name} is sent to ${from}`)];
}

function proxyClaims(key: string, value: string, variables: readonly string[]): string[] {
  if (key.startsWith("no")) return [`no proxy is used for ${value}`];
  const text = value.includes("://") ? value : `http://${value}`;
  const shown = URL.canParse(text) && variables.length === 0 ? new URL(text).host : value;
  return [
    `downloads go through the proxy ${shown}`,
    ...variables.map((name) => `${name} is sent to ${shown}`),
  ];
}

function readText(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw new HaftError(`Cannot read npm's configuration at ${path}: ${errorMessage(error)}`, {
      next: "Check the file's permissions",
      cause: error,
    });
  }
}

/** What nobody trusts keeps no command from its work, also where it cannot be read. */
function readIfReadable(path: string): string {
  try {
    return readText(path) ?? "";
  } catch {
    return "";
  }
}

/** The text with `${NAME}` and `${NAME:-default}` filled in; undefined when a variable is missing. */
export function expanded(text: string, env: Env): string | undefined {
  try {
    return envReplace(text, { ...env });
  } catch {
    return undefined;
  }
}

/** What decides where npm's global files are. */
export interface NpmPlaces {
  env: Env;
  /** `process.platform`. */
  platform: string;
}

/**
 * The file that came with the npm on PATH. Distributions use it to point at their own global file.
 * Undefined where no npm is installed.
 */
export function builtinNpmrc(places: NpmPlaces): string | undefined {
  const npm = onPath("npm", places);
  if (npm === undefined || basename(npm) !== "npm-cli.js") return undefined;
  return join(dirname(dirname(npm)), "npmrc");
}

/** npm's prefix where no setting gives it: two levels above the node on PATH; on Windows %APPDATA%\npm. */
export function defaultPrefix(places: NpmPlaces): string | undefined {
  const { env, platform } = places;
  const prefix = envValue(env, "PREFIX");
  if (prefix !== undefined) return prefix;
  if (platform === "win32") {
    const appData = envValue(env, "APPDATA");
    return appData === undefined ? undefined : join(appData, "npm");
  }
  const node = onPath("node", places);
  return node === undefined ? undefined : dirname(dirname(node));
}

/** npm's global file below its prefix. */
export function globalNpmrc(prefix: string): string {
  return resolve(prefix, "etc", "npmrc");
}

/** The real file of an executable on PATH. */
function onPath(name: string, { env, platform }: NpmPlaces): string | undefined {
  const path = envValue(env, "PATH") ?? envValue(env, "Path") ?? "";
  for (const directory of path.split(delimiter)) {
    if (directory === "") continue;
    try {
      return realpathSync(join(directory, platform === "win32" ? `${name}.exe` : name));
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
