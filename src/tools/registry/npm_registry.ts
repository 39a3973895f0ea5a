import { RegistryClient } from "./registry_client.ts";
import type { NpmRegistry, NpmRegistryOptions } from "./registry_types.ts";

export type { PackageManifest } from "./package_manifest.ts";
export type { Packument } from "./packument.ts";
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
