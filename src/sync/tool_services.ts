import process from "node:process";
import type { Env } from "../base/env.ts";
import type { Paths } from "../base/paths.ts";
import type { HttpClient } from "../tools/http/http_client.ts";
import type { Documents } from "../tools/registry/metadata_client.ts";
import type { RegistryUser } from "../tools/registry/registry_types.ts";
import type { NpmRegistry } from "../tools/registry/npm_registry.ts";
import type { Resolver } from "./update_lock.ts";

/** The clients that resolve and install tools. */
export interface ToolServices {
  http: HttpClient;
  registry: NpmRegistry;
  documents: Documents;
  user: RegistryUser;
}

export interface ToolServicesOptions {
  env: Env;
  home: string;
  paths: Paths;
  /** Where npm's project configuration is looked for. */
  projectDir: string;
  /** Whether that configuration counts. Default false. */
  projectTrusted?: boolean;
  offline: boolean;
  /** URL prefix → replacement, for http sources. */
  mirrors: Readonly<Record<string, string>>;
  /** haft's own version, told to servers. */
  version: string;
}

/** Makes both clients; loads them only now, because a sync without work needs neither. */
export async function createToolServices(options: ToolServicesOptions): Promise<ToolServices> {
  const { env, home, paths, projectDir, projectTrusted = false, offline, mirrors, version } = options;
  const [{ createHttpClient }, { createNpmRegistry }, { createDocuments }] = await Promise.all([
    import("../tools/http/http_client.ts"),
    import("../tools/registry/npm_registry.ts"),
    import("../tools/registry/metadata_client.ts"),
  ]);
  const http: HttpClient = createHttpClient({
    mirrors,
    offline,
    userAgent: `haft/${version}`,
    proxies: () => registry.proxies(),
  });
  const registry: NpmRegistry = createNpmRegistry({
    http,
    env,
    projectDir,
    projectTrusted,
    home,
    metadataDir: paths.metadata,
    offline,
  });
  const documents = createDocuments({ http, directory: paths.metadata, offline });
  return { http, registry, documents, user: { env, home, platform: process.platform } };
}

/** Resolves from the real sources. */
export async function createResolver(services: ToolServices): Promise<Resolver> {
  const [{ completeLocked }, { resolveOrPropose }] = await Promise.all([
    import("../tools/resolve/resolve_tool.ts"),
    import("../tools/resolve/other_source.ts"),
  ]);
  return (request, signal, incomplete) =>
    incomplete === undefined
      ? resolveOrPropose(request, { ...services, signal })
      : completeLocked(request, incomplete, { ...services, signal });
}
