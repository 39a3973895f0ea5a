import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { HttpError } from "../http/http_error.ts";
import type { ProxySettings } from "../http/proxy.ts";
import { checkSignature, embeddedKeys, parseServedKeys, type SigningKey, SigningKeys } from "./signatures.ts";
import { MetadataCache, MetadataClient } from "./metadata_client.ts";
import type { NpmConfig } from "./npm_config.ts";
import {
  CachedManifest,
  CachedPackument,
  FoundPackages,
  type PackageManifest,
  type Packument,
  pickManifest,
  readFoundPackages,
  readManifest,
  readPackument,
  summarize,
} from "./package_metadata.ts";
import { conventionalTarball, isExactVersion, manifestUrl, packumentUrl } from "./package_address.ts";
import { PackageNotFound, VersionNotFound } from "./registry_error.ts";
import type {
  NpmRegistry,
  NpmRegistryOptions,
  RegistryRequestOptions,
  SignatureVerdict,
} from "./registry_types.ts";

export type { PackageManifest, Packument } from "./package_metadata.ts";
export type {
  NpmRegistry,
  NpmRegistryOptions,
  RegistryRequestOptions,
  SignatureVerdict,
} from "./registry_types.ts";

/** Reads nothing until the first question. */
export function createNpmRegistry(options: NpmRegistryOptions): NpmRegistry {
  return new RegistryClient(options);
}

/** The abbreviated form, or what a registry has that does not know it. */
const PACKUMENT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*; q=0.1";
const JSON_ONLY = "application/json";

export class RegistryClient implements NpmRegistry {
  readonly #options: NpmRegistryOptions;
  readonly #metadata: MetadataClient;
  #loaded: Promise<NpmConfig> | undefined;

  constructor(options: NpmRegistryOptions) {
    this.#options = options;
    this.#metadata = new MetadataClient({
      http: options.http,
      cache: new MetadataCache(options.metadataDir),
      offline: options.offline,
      now: options.now ?? Date.now,
    });
  }

  async packument(name: string, options: RegistryRequestOptions = {}): Promise<Packument> {
    const { packument } = await this.#packument(name, options);
    return packument;
  }

  async manifest(
    name: string,
    versionOrTag: string,
    options: RegistryRequestOptions = {},
  ): Promise<PackageManifest> {
    const config = await this.#config();
    const registry = config.registryFor(name);
    const url = manifestUrl(registry, name, versionOrTag);
    const exact = isExactVersion(versionOrTag);
    const found = await this.#ask(name, {
      url,
      accept: JSON_ONLY,
      immutable: exact,
      schema: CachedManifest,
      parse: (json) => readManifest(json, { name, versionOrTag, url }),
      signal: options.signal,
    }) ?? await this.#manifestFromPackument(name, versionOrTag, options);
    if (!exact) this.#metadata.keep(manifestUrl(registry, name, found.version), found);
    const tarball = found.dist.tarball ?? conventionalTarball(registry, found);
    return {
      ...found,
      dist: { ...found.dist, tarball: config.tarballUrl(tarball, { registry }) },
    };
  }

  async tarball(name: string, version: string, options: RegistryRequestOptions = {}) {
    const { dist } = await this.manifest(name, version, options);
    const headers = authorization(await this.#config(), dist.tarball);
    return { url: dist.tarball, headers };
  }

  async likelyTarball(name: string, version: string) {
    const config = await this.#config();
    const registry = config.registryFor(name);
    if (this.#metadata.kept(manifestUrl(registry, name, version), CachedManifest) !== undefined) {
      return undefined;
    }
    const url = conventionalTarball(registry, { name, version });
    return { url, headers: authorization(config, url) };
  }

  async verifySignature(
    manifest: PackageManifest,
    options: RegistryRequestOptions = {},
  ): Promise<SignatureVerdict> {
    const signatures = manifest.dist.signatures ?? [];
    if (signatures.length === 0) return "not-offered";
    const keys = new Map((await embeddedKeys()).map((key) => [key.keyid, key]));
    if (signatures.some(({ keyid }) => !keys.has(keyid))) {
      for (const key of await this.#registryKeys(manifest.name, options)) {
        // What came with haft is not overruled by what a mirror says.
        if (!keys.has(key.keyid)) keys.set(key.keyid, key);
      }
    }
    let verdict: SignatureVerdict = "unknown-key";
    for (const signature of signatures) {
      const key = keys.get(signature.keyid);
      if (key === undefined) continue;
      checkSignature(manifest, signature, { key });
      verdict = "verified";
    }
    return verdict;
  }

  async search(text: string, { signal }: RegistryRequestOptions = {}) {
    const registry = (await this.#config()).registryFor("");
    return await this.#ask(text, {
      url: `${registry}-/v1/search?text=${encodeURIComponent(text)}&size=20`,
      accept: JSON_ONLY,
      immutable: false,
      schema: FoundPackages,
      parse: readFoundPackages,
      signal,
    }) ?? [];
  }

  async npmrc(): Promise<string> {
    return (await this.#config()).npmrc();
  }

  async proxies(): Promise<ProxySettings> {
    return (await this.#config()).proxies();
  }

  async #registryKeys(name: string, { signal }: RegistryRequestOptions): Promise<SigningKey[]> {
    const registry = (await this.#config()).registryFor(name);
    try {
      return await this.#ask(name, {
        url: `${registry}-/npm/v1/keys`,
        accept: JSON_ONLY,
        immutable: false,
        schema: SigningKeys,
        parse: parseServedKeys,
        signal,
      }) ?? [];
    } catch (error) {
      // No such endpoint, in the words of some registries; and offline, what is kept is all there is.
      const kind = error instanceof HttpError ? error.kind : undefined;
      if (v.isValiError(error) || kind === "not-json" || kind === "offline") return [];
      throw error;
    }
  }

  async #packument(
    name: string,
    { signal, pick, whole }: RegistryRequestOptions & { pick?: string; whole?: boolean },
  ) {
    const registry = (await this.#config()).registryFor(name);
    const url = packumentUrl(registry, name);
    let picked: CachedManifest | undefined;
    const packument = await this.#ask(name, {
      url,
      accept: PACKUMENT,
      immutable: false,
      whole,
      schema: CachedPackument,
      parse: (json) => {
        const served = readPackument(json, { name, url });
        if (pick !== undefined) picked = pickManifest(served, pick);
        return summarize(served);
      },
      signal,
    });
    if (packument === undefined) throw new PackageNotFound(name);
    return { packument, picked };
  }

  /** For registries that have no address for a single version, and for the versions that an error lists. */
  async #manifestFromPackument(
    name: string,
    versionOrTag: string,
    options: RegistryRequestOptions,
  ): Promise<CachedManifest> {
    const first = await this.#packument(name, { ...options, pick: versionOrTag });
    const { versions, distTags } = first.packument;
    const version = versions.includes(versionOrTag) ? versionOrTag : distTags[versionOrTag];
    if (version === undefined) throw new VersionNotFound(name, versionOrTag, first.packument);
    const registry = (await this.#config()).registryFor(name);
    const url = manifestUrl(registry, name, version);
    const kept = first.picked === undefined ? this.#metadata.kept(url, CachedManifest) : undefined;
    if (kept !== undefined) return kept;
    // What is kept of a package does not hold its manifests.
    const { packument, picked } = first.picked !== undefined
      ? first
      : await this.#packument(name, { ...options, pick: version, whole: true });
    if (picked === undefined) throw new VersionNotFound(name, versionOrTag, packument);
    this.#metadata.keep(url, picked);
    return picked;
  }

  async #ask<T>(
    name: string,
    request: Omit<Parameters<MetadataClient["get"]>[0], "headers" | "schema" | "parse"> & {
      schema: v.GenericSchema<unknown, T>;
      parse: (json: unknown) => T;
    },
  ): Promise<T | undefined> {
    const config = await this.#config();
    try {
      return await this.#metadata.get({ ...request, headers: authorization(config, request.url) });
    } catch (error) {
      throw explained(error, { name, config });
    }
  }

  /** Loaded with the first question: the libraries behind it cost more than all the rest of a start. */
  #config(): Promise<NpmConfig> {
    this.#loaded ??= import("./npm_config.ts").then(({ loadNpmConfig }) => loadNpmConfig(this.#options));
    return this.#loaded;
  }
}

function authorization(config: NpmConfig, url: string): Record<string, string> {
  const value = config.authorization(url);
  return value === undefined ? {} : { authorization: value };
}

/** Says which settings were not used where credentials are missing. */
function explained(error: unknown, { name, config }: { name: string; config: NpmConfig }): unknown {
  if (!(error instanceof HttpError) || (error.status !== 401 && error.status !== 403)) return error;
  const ignored = config.ignored.find(({ key }) => key.startsWith("//"));
  if (ignored === undefined) return error;
  return new HaftError(`Cannot read ${name} from the registry: ${error.reason}`, {
    next: `${ignored.key} in ${ignored.source} was not used: ${ignored.reason}`,
    cause: error,
  });
}
