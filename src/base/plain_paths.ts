/**
 * Where haft's directories are, as `resolvePaths()` says it, without loading `node:path`, which takes longer
 * than what a quick command does. Undefined stands for paths that are not as plain as that.
 */
import { type Env, envValue } from "./env.ts";
import type { Place } from "./place_key.ts";

const BASES = {
  data: { variable: "XDG_DATA_HOME", usual: ".local/share", single: "" },
  cache: { variable: "XDG_CACHE_HOME", usual: ".cache", single: "/cache" },
  state: { variable: "XDG_STATE_HOME", usual: ".local/state", single: "/state" },
  config: { variable: "XDG_CONFIG_HOME", usual: ".config", single: "/config" },
};

/** One of the four directories that hold all of haft's. */
export function plainDirectory(env: Env, kind: keyof typeof BASES): string | undefined {
  const { variable, usual, single } = BASES[kind];
  const [haft, home, xdg] = [envValue(env, "HAFT_HOME"), envValue(env, "HOME"), envValue(env, variable)];
  if (home === undefined || !isPlain(home)) return undefined;
  if (haft !== undefined) return isPlain(haft) ? `${haft}${single}` : undefined;
  if (xdg !== undefined) return isPlain(xdg) ? `${xdg}/haft` : undefined;
  return `${home}/${usual}/haft`;
}

/** All four. */
export function plainDirectories(env: Env): Record<keyof typeof BASES, string> | undefined {
  const [data, cache, state, config] = [
    plainDirectory(env, "data"),
    plainDirectory(env, "cache"),
    plainDirectory(env, "state"),
    plainDirectory(env, "config"),
  ];
  return data === undefined || cache === undefined || state === undefined || config === undefined
    ? undefined
    : { data, cache, state, config };
}

/** Whose haft it is. */
export function plainPlace(env: Env): Place | undefined {
  const [home, directories] = [envValue(env, "HOME"), plainDirectories(env)];
  if (home === undefined || directories === undefined) return undefined;
  const { data, state, config } = directories;
  return { home, store: `${data}/store`, state, config };
}

/** Absolute, and as `join()` would leave it. */
export function isPlain(path: string): boolean {
  // A regular expression would take longer to make than all the rest of this.
  const whole = `${path}/`;
  return path.startsWith("/") && !whole.includes("//") && !whole.includes("/./") && !whole.includes("/../");
}
