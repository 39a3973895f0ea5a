import type { Env } from "../../base/env.ts";
import type { HttpClient } from "../http/http_types.ts";
import type { ProxySettings } from "../http/proxy.ts";
import type { PackageManifest, Packument } from "./package_metadata.ts";

/** An npm registry, or several by scope: the ones that npm's own configuration names. */
export interface NpmRegistry {
  /**
   * Every version and tag of a package. May be tens of megabytes on the wire: asked only where a range needs
   * it.
   * @throws {PackageNotFound}
   */
  packument(name: string, options?: RegistryRequestOptions): Promise<Packument>;
  /**
   * One version of a package, by exact version or tag.
   * @throws {PackageNotFound}
   * @throws {VersionNotFound}
   */
  manifest(
    name: string,
    versionOrTag: string,
    options?: RegistryRequestOptions,
  ): Promise<PackageManifest>;
  /** Where a version's file is, with the credentials for it. */
  tarball(
    name: string,
    version: string,
    options?: RegistryRequestOptions,
  ): Promise<{ url: string; headers: Record<string, string> }>;
  /** Where npm's convention puts it; undefined once the registry has said where it is. Asks for nothing. */
  likelyTarball(
    name: string,
    version: string,
  ): Promise<{ url: string; headers: Record<string, string> } | undefined>;
  /**
   * Checks the registry's signatures of a manifest.
   * @returns `not-offered` when it has none, `unknown-key` when the key of every signature is unknown
   * @throws {SignatureError} when one is wrong, or its key had expired before the version was published
   */
  verifySignature(manifest: PackageManifest, options?: RegistryRequestOptions): Promise<SignatureVerdict>;
  /** The packages that the registry finds for a text, the best first. */
  search(text: string, options?: RegistryRequestOptions): Promise<{ name: string; description: string }[]>;
  /**
   * The registries and credentials as the text of one .npmrc. It holds secrets: write it for the user alone
   * (0600).
   */
  npmrc(): Promise<string>;
  /** What requests go through, by npm's configuration and the environment. */
  proxies(): Promise<ProxySettings>;
}

export type SignatureVerdict = "verified" | "not-offered" | "unknown-key";

export interface RegistryRequestOptions {
  signal?: AbortSignal;
}

export interface NpmRegistryOptions {
  http: HttpClient;
  env: Env;
  /** Its .npmrc is the project's. */
  projectDir: string;
  /** Whether the user trusts that .npmrc. Without trust, the default, it counts for nothing. */
  projectTrusted?: boolean;
  /** The user's home directory. */
  home: string;
  /** Where answers are kept. */
  metadataDir: string;
  /** Answer from what is kept alone. */
  offline: boolean;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** Whose configuration says where packages come from. */
export interface RegistryUser {
  env: Env;
  home: string;
  /** `process.platform`. */
  platform: string;
}
