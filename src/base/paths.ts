import { isAbsolute, join } from "node:path";
import { type Env, envValue } from "./env.ts";
import { placeKey } from "./place_key.ts";
import { shortHash } from "./short_hash.ts";

/** Where haft keeps things. Every path on disk that haft chooses by itself is declared here. */
export interface Paths {
  /** Installed tools: `<store>/<store id>/<version>`. */
  readonly store: string;
  /** Half-done installs, on the store's filesystem so that a rename finishes them. */
  readonly staging: string;
  /** Lock files. They are created, locked and never unlinked. */
  readonly locks: string;
  /** One shim per executable. */
  readonly shims: string;
  /** Downloads in progress, kept for resuming. */
  readonly downloads: string;
  /** Answers of registries, with what is needed to ask whether they changed. */
  readonly metadata: string;
  /** What a name runs in a directory, as long as nothing changes. */
  readonly exec: string;
  /** The same for shims. */
  readonly shimCache: string;
  /** Those of this environment's directories, as a tree of shell scripts that mirrors the projects'. */
  readonly shimEntries: string;
  /** What `haft exec` puts first on PATH, so that a child in another project gets that project's tools. */
  readonly leads: string;
  /** The tasks that a directory sees, as long as nothing changes. */
  readonly knownTasks: string;
  /** How a sync of a directory ends that has nothing to do, as long as nothing changes. */
  readonly knownSyncs: string;
  /** Logs and journals: survives, but is nobody's configuration. */
  readonly state: string;
  /** The user's own settings (`config.toml`). */
  readonly config: string;
}

export interface PathsContext {
  env: Env;
  /** `process.platform`. */
  platform: string;
  /** The user's home directory. */
  home: string;
}

/**
 * Resolves {@link Paths}: `HAFT_HOME` holds everything when set; otherwise the XDG base directories
 * (on Windows, `%LOCALAPPDATA%\haft`).
 */
export function resolvePaths({ env, platform, home }: PathsContext): Paths {
  const { data, cache, state, config } = baseDirectories(env, platform, home);
  const store = join(data, "store");
  const shimCache = join(cache, "shims");
  return {
    store,
    staging: join(store, ".staging"),
    locks: join(data, "locks"),
    shims: join(data, "shims"),
    downloads: join(cache, "downloads"),
    metadata: join(cache, "metadata"),
    exec: join(cache, "exec"),
    knownTasks: join(cache, "tasks"),
    knownSyncs: join(cache, "syncs"),
    shimCache,
    shimEntries: join(shimCache, shortHash(placeKey({ home, store, state, config }))),
    leads: join(data, "leads"),
    state,
    config,
  };
}

/**
 * The variable that is a relative path, which would be another directory in each place; undefined where all
 * is well.
 */
export function relativeHome(
  { env, home }: Pick<PathsContext, "env" | "home">,
): { name: string; path: string } | undefined {
  const haftHome = envValue(env, "HAFT_HOME");
  if (haftHome !== undefined && !isAbsolute(haftHome)) return { name: "HAFT_HOME", path: haftHome };
  return isAbsolute(home) ? undefined : { name: "HOME", path: home };
}

/**
 * Where the tokens of the user's pipes lie (Windows). Not below `HAFT_HOME`: a pipe's name is the user's,
 * whatever that is set to, and only here is it certain that other users cannot read.
 */
export function pipeTokens({ env, home }: Omit<PathsContext, "platform">): string {
  return join(localAppData(env, home), "haft", "pipe-tokens");
}

function localAppData(env: Env, home: string): string {
  return envValue(env, "LOCALAPPDATA") ?? join(home, "AppData", "Local");
}

function baseDirectories(env: Env, platform: string, home: string) {
  const haftHome = envValue(env, "HAFT_HOME");
  const single = haftHome ??
    (platform === "win32" ? join(localAppData(env, home), "haft") : undefined);
  if (single !== undefined) {
    return {
      data: single,
      cache: join(single, "cache"),
      state: join(single, "state"),
      config: join(single, "config"),
    };
  }
  // The specification says to ignore a relative one.
  const absolute = (path: string | undefined) => path !== undefined && isAbsolute(path) ? path : undefined;
  const xdg = (name: string, fallback: string) =>
    join(absolute(envValue(env, name)) ?? join(home, fallback), "haft");
  return {
    data: xdg("XDG_DATA_HOME", ".local/share"),
    cache: xdg("XDG_CACHE_HOME", ".cache"),
    state: xdg("XDG_STATE_HOME", ".local/state"),
    config: xdg("XDG_CONFIG_HOME", ".config"),
  };
}
