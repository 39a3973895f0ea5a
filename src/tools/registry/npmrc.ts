import { envReplace } from "@pnpm/config.env-replace";
import { parse } from "ini";
import { readFileSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { type Env, envValue } from "../../base/env.ts";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";

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

export interface NpmrcOptions {
  env: Env;
  /**
   * False for the project's own file, which a stranger may have written: `${NAME}` there could send any
   * variable of the environment to any host, so such settings are left out. (pnpm does the same,
   * GHSA-3qhv-2rgh-x77r.)
   */
  expand: boolean;
}

/**
 * The text settings of a .npmrc file; a file that does not exist has none.
 * @throws {HaftError} when it cannot be read
 */
export function readNpmrc(path: string, options: NpmrcOptions): NpmrcFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") {
      return { settings: new Map(), ignored: [] };
    }
    throw new HaftError(`Cannot read npm's configuration at ${path}: ${errorMessage(error)}`, {
      next: "Check the file's permissions",
      cause: error,
    });
  }
  return parseNpmrc(text, { ...options, path });
}

/** Pure part of {@link readNpmrc}. */
export function parseNpmrc(text: string, { path, env, expand }: NpmrcOptions & { path: string }): NpmrcFile {
  const file: NpmrcFile = { settings: new Map(), ignored: [] };
  for (const [rawKey, rawValue] of Object.entries(parse(text))) {
    // Sections, lists and bare words hold nothing that is used here.
    if (typeof rawValue !== "string" || rawValue === "") continue;
    if (!expand && (rawKey + rawValue).includes("${")) {
      const reason = "a project's .npmrc may not use variables; put it into ~/.npmrc";
      file.ignored.push({ key: rawKey, source: path, reason });
      continue;
    }
    const key = expand ? expanded(rawKey, env) : rawKey;
    const value = expand ? expanded(rawValue, env) : rawValue;
    if (key === undefined || value === undefined) {
      file.ignored.push({ key: rawKey, source: path, reason: "it uses a variable that is not set" });
      continue;
    }
    file.settings.set(key, { value, source: path });
  }
  return file;
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
