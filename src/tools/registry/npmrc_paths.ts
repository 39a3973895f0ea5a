import { realpathSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { type Env, envValue } from "../../base/env.ts";

/** What decides where npm's global files are. */
export interface NpmPlaces {
  env: Env;
  /** `process.platform`. */
  platform: string;
}

/**
 * The file that came with the npm on PATH. Distributions use it to point at a global file of their own.
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
