import { readFileSync } from "node:fs";
import { envReplace } from "@pnpm/config.env-replace";
import { parse } from "ini";
import type { Env } from "../../base/env.ts";
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
   * False for the project's own file, which a stranger may have written: `${NAME}` there could send any variable of the
   * environment to any host, so such settings are left out. (pnpm does the same, GHSA-3qhv-2rgh-x77r.)
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
