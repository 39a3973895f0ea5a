import { HaftError } from "../../base/errors.ts";
import type { BunLock } from "../bun_lock.ts";
import type { PackageIntegrity } from "../sources/source.ts";

/**
 * A dependency that does not come from a registry: `git+ssh://…`, `github:owner/name`, `http://…`, `file:…`.
 */
export interface RemoteDependency {
  name: string;
  spec: string;
}

/** The dependencies of a package's manifest that would be fetched past the registry. */
export function remoteDependencies(manifest: PackageIntegrity): RemoteDependency[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  return [dependencies, optionalDependencies, peerDependencies].flatMap((each) => Object.entries(each))
    .filter(([, spec]) => !isRegistrySpec(spec))
    .map(([name, spec]) => ({ name, spec }));
}

/** The packages of a lock that are fetched past the registry. */
export function remoteLocked({ packages }: BunLock): RemoteDependency[] {
  return packages.filter(({ isFromRegistry }) => !isFromRegistry)
    .map(({ name, version }) => ({ name, spec: version }));
}

/** The error for a package with such dependencies. */
export function remoteDependencyError(tool: string, found: readonly RemoteDependency[]): HaftError {
  const list = found.map(({ name, spec }) => `${name} (${spec})`).join(", ");
  return new HaftError(`Refused "${tool}": it has dependencies from outside the registry: ${list}`, {
    next: "To allow them, set remote_dependencies = true under [settings]",
  });
}

/**
 * A range, a tag, or another package of the registry (`npm:other@1`); an address and a repository have a `:`
 * or `/`.
 */
function isRegistrySpec(spec: string): boolean {
  return spec.startsWith("npm:") || !/[:/]/.test(spec);
}
