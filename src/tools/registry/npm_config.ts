import process from "node:process";
import { join } from "node:path";
import npmConf from "@pnpm/npm-conf";
import { stringify } from "ini";
import registryAuthToken from "registry-auth-token";
import type { Env } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import { environmentProxies, type ProxySettings, type ProxyValue } from "../http/proxy.ts";
import {
  builtinNpmrc,
  defaultPrefix,
  expanded,
  globalNpmrc,
  type IgnoredSetting,
  type NpmrcFile,
  type NpmSetting,
  readNpmrc,
  readProjectNpmrc,
  untrustedSettings,
} from "./npmrc.ts";
import { isRegistryKey } from "./npmrc_text.ts";

/**
 * npm's configuration, as far as it says where packages come from. The files are merged here, not by
 * npm-conf's own loader, because that one takes the project from the working directory and the environment
 * from the process. What it knows (the default registry), how .npmrc is written (ini) and how credentials are
 * found (registry-auth-token) are the libraries'.
 */
export interface NpmConfig {
  /** The registry of a package, by its scope. Ends with `/`. */
  registryFor(name: string): string;
  /** The `Authorization` header for an address, if there are credentials for its host and path. */
  authorization(url: string): string | undefined;
  /**
   * A tarball's address from a manifest, on the configured registry where npm would do so
   * (`replace-registry-host`).
   */
  tarballUrl(url: string, options: { registry: string }): string;
  /**
   * The registries and credentials as the text of one .npmrc, for an installer that is not to look for them
   * itself.
   */
  npmrc(): string;
  /** What requests go through: npm's own settings come before the environment's, as with npm. */
  proxies(): ProxySettings;
  readonly ignored: readonly IgnoredSetting[];
}

export interface NpmConfigContext {
  env: Env;
  /** Its .npmrc is the project's. */
  projectDir: string;
  /** Whether the user trusts that .npmrc. Without trust, the default, it counts for nothing. */
  projectTrusted?: boolean;
  /** The user's home directory. */
  home: string;
  /** `process.platform`. */
  platform?: string;
}

/**
 * Reads, the strongest first: variables (`npm_config_…`), the project's .npmrc, the user's, npm's global one,
 * the one that came with npm.
 * @throws {HaftError} when a file cannot be read
 */
export function loadNpmConfig(context: NpmConfigContext): NpmConfig {
  const { env, projectDir, projectTrusted = false, home, platform = process.platform } = context;
  const ignored: IgnoredSetting[] = [];
  const used = (file: NpmrcFile) => {
    ignored.push(...file.ignored);
    return file.settings;
  };
  const read = (path: string | undefined): Map<string, NpmSetting> => {
    if (path === undefined) return new Map();
    return used(readNpmrc(path, { env }));
  };
  const variables = environmentSettings(env);
  const places = { env, platform };
  const builtin = read(builtinNpmrc(places));
  const userFile = variables.get("userconfig")?.value ?? join(home, ".npmrc");
  const user = read(userFile);
  const prefix = first("prefix", [variables, user, builtin])?.value ?? defaultPrefix(places);
  const globalFile = first("globalconfig", [variables, user, builtin])?.value ??
    (prefix === undefined ? undefined : globalNpmrc(prefix));
  const projectFile = join(projectDir, ".npmrc");
  let project = new Map<string, NpmSetting>();
  if (projectFile !== userFile) {
    if (projectTrusted) project = used(readProjectNpmrc(projectFile, { env }));
    else ignored.push(...untrustedSettings(projectFile));
  }
  const settings = new Map([...builtin, ...read(globalFile), ...user, ...project, ...variables]);
  return new MergedConfig(settings, { ignored, env });
}

class MergedConfig implements NpmConfig {
  readonly ignored: readonly IgnoredSetting[];
  readonly #settings: ReadonlyMap<string, NpmSetting>;
  /**
   * What registry-auth-token looks into: credentials that name their host, and nothing that it would send
   * anywhere.
   */
  readonly #credentials: Record<string, string>;
  readonly #env: Env;

  constructor(
    settings: ReadonlyMap<string, NpmSetting>,
    { ignored, env }: { ignored: readonly IgnoredSetting[]; env: Env },
  ) {
    this.#settings = settings;
    this.#env = env;
    this.#credentials = {};
    const unusable: IgnoredSetting[] = [];
    for (const [key, { value, source }] of settings) {
      if (!key.startsWith("//")) continue;
      // registry-auth-token would take it for a variable of this process, whichever file it is from.
      if (value.startsWith("$")) unusable.push({ key, source, reason: "a variable is written ${NAME}" });
      else this.#credentials[key] = value;
    }
    this.ignored = [...ignored, ...unusable];
  }

  registryFor(name: string): string {
    const scope = /^(@[^/]+)\//.exec(name)?.[1];
    const setting = (scope === undefined ? undefined : this.#settings.get(`${scope}:registry`)) ??
      this.#settings.get("registry");
    return setting === undefined ? withSlash(npmConf.defaults.registry) : checkedRegistry(setting);
  }

  authorization(url: string): string | undefined {
    const credentials = registryAuthToken(url, { npmrc: this.#credentials, recursive: true });
    return credentials?.token === undefined ? undefined : `${credentials.type} ${credentials.token}`;
  }

  tarballUrl(url: string, { registry }: { registry: string }): string {
    const from = new URL(url, registry);
    const base = new URL(registry);
    const rule = this.#settings.get("replace-registry-host")?.value ?? "npmjs";
    const publicHost = new URL(npmConf.defaults.registry).host;
    const replaced = rule === "always" || from.host === (rule === "npmjs" ? publicHost : rule);
    if (from.host === base.host) {
      // A registry behind a proxy may take itself for an http one.
      if (base.protocol === "https:") from.protocol = "https:";
    } else if (replaced && rule !== "never") {
      from.protocol = base.protocol;
      from.host = base.host;
      if (base.port === "") from.port = "";
      const folder = base.pathname.replace(/\/$/, "");
      if (folder !== "" && !from.pathname.startsWith(`${folder}/`)) from.pathname = folder + from.pathname;
    }
    return from.href;
  }

  proxies(): ProxySettings {
    const environment = environmentProxies(this.#env);
    // npm takes https-proxy for every address, and proxy where that is not set.
    const proxy = this.#proxy("https-proxy") ?? this.#proxy("proxy") ?? this.#proxy("http-proxy");
    const except = this.#settings.get("noproxy") ?? this.#settings.get("no-proxy");
    return {
      https: proxy ?? environment.https,
      http: proxy ?? environment.http,
      except: except?.value ?? environment.except,
    };
  }

  #proxy(key: string): ProxyValue | undefined {
    const setting = this.#settings.get(key);
    if (setting === undefined || setting.value === "null" || setting.value === "false") return undefined;
    const { value, source } = setting;
    return { value, source: source.startsWith("the variable ") ? source : `${key} in ${source}` };
  }

  npmrc(): string {
    const settings: Record<string, string> = { registry: npmConf.defaults.registry, ...this.#credentials };
    for (const [key, { value }] of this.#settings) {
      if (isRegistryKey(key)) settings[key] = value;
    }
    // An installer would expand "$NAME" once more, with or without braces.
    const expandable = Object.keys(settings).filter((key) => `${key}${settings[key]}`.includes("$"));
    for (const key of expandable) delete settings[key];
    return stringify(settings);
  }
}

/** `npm_config_registry` is `registry`; a key that begins with `//` keeps its spelling, as npm has it. */
function environmentSettings(env: Env): Map<string, NpmSetting> {
  const settings = new Map<string, NpmSetting>();
  for (const [name, raw] of Object.entries(env)) {
    const match = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (match === undefined || raw === undefined || raw === "") continue;
    const key = match.startsWith("//") ? match : match.toLowerCase().replaceAll(/(?!^)_/g, "-");
    const value = expanded(raw, env);
    if (value !== undefined) settings.set(key, { value, source: `the variable ${name}` });
  }
  return settings;
}

function first(key: string, sources: readonly ReadonlyMap<string, NpmSetting>[]): NpmSetting | undefined {
  return sources.find((source) => source.has(key))?.get(key);
}

function checkedRegistry({ value, source }: NpmSetting): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return withSlash(value);
  throw new HaftError(`Cannot use the registry address from ${source}: it is no http or https address`, {
    next: "Correct it: registry=https://HOST/",
  });
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
