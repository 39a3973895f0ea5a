/**
 * Where haft's directories are, as `resolvePaths()` says it, without loading `node:path`, which takes longer
 * than what a quick command does, and in few functions, for the same reason. Undefined stands for paths that
 * are not as plain as that.
 */
import type { Env } from "./env.ts";
import type { Place } from "./place_key.ts";

/** The four directories that hold all of haft's. */
export interface PlainDirectories {
  data: string;
  cache: string;
  state: string;
  config: string;
}

export function plainDirectories(env: Env): PlainDirectories | undefined {
  const { HAFT_HOME: haft, HOME: home, XDG_DATA_HOME, XDG_CACHE_HOME, XDG_STATE_HOME, XDG_CONFIG_HOME } = env;
  // Empty and unset are the same.
  if (!home || !isPlain(home)) return undefined;
  if (haft) {
    if (!isPlain(haft)) return undefined;
    return { data: haft, cache: `${haft}/cache`, state: `${haft}/state`, config: `${haft}/config` };
  }
  const [data, cache, state, config] = [
    XDG_DATA_HOME || `${home}/.local/share`,
    XDG_CACHE_HOME || `${home}/.cache`,
    XDG_STATE_HOME || `${home}/.local/state`,
    XDG_CONFIG_HOME || `${home}/.config`,
  ];
  if (!isPlain(data) || !isPlain(cache) || !isPlain(state) || !isPlain(config)) return undefined;
  return { data: `${data}/haft`, cache: `${cache}/haft`, state: `${state}/haft`, config: `${config}/haft` };
}

/** Whose haft it is. */
export function plainPlace(env: Env, { data, state, config }: PlainDirectories): Place {
  return { home: env["HOME"] ?? "", store: `${data}/store`, state, config };
}

/** Absolute, and as `join()` would leave it. */
export function isPlain(path: string): boolean {
  // A regular expression would take longer to make than all the rest of this.
  const whole = `${path}/`;
  return path.startsWith("/") && !whole.includes("//") && !whole.includes("/./") && !whole.includes("/../");
}
