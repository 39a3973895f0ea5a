import { encodePackageName, encodeVersion } from "./package_name.ts";

/** Of the whole package. `registry` ends with `/`. */
export function packumentUrl(registry: string, name: string): string {
  return `${registry}${encodePackageName(name)}`;
}

/** Of one version. */
export function manifestUrl(registry: string, name: string, versionOrTag: string): string {
  return `${packumentUrl(registry, name)}/${encodeVersion(versionOrTag)}`;
}

/** npm's convention, for a registry that does not name the file. */
export function conventionalTarball(
  registry: string,
  { name, version }: { name: string; version: string },
): string {
  return `${registry}${name}/-/${name.replace(/^.*\//, "")}-${version}.tgz`;
}
