import { HaftError } from "../../base/errors.ts";

/**
 * Older packages have capitals. What else names may hold is npm's rule; it leaves no way to form another
 * path.
 */
const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/i;
const MAX_NAME = 214;

/**
 * A package's name as one segment of an address: `@scope%2fname`.
 * @throws {HaftError} when it cannot be a package's name
 */
export function encodePackageName(name: string): string {
  if (!NAME.test(name) || name.length > MAX_NAME) {
    throw new HaftError(`${JSON.stringify(name)} is not the name of an npm package`, {
      next: "Names look like prettier or @biomejs/biome",
    });
  }
  return name.replace("/", "%2f");
}

/**
 * A version or tag as one segment of an address.
 * @throws {HaftError} when it would name another path
 */
export function encodeVersion(versionOrTag: string): string {
  if (!/^[^\s/\\]{1,256}$/.test(versionOrTag) || /^\.+$/.test(versionOrTag)) {
    throw new HaftError(`${JSON.stringify(versionOrTag)} is not a version or tag of an npm package`);
  }
  return encodeURIComponent(versionOrTag);
}

/** Whether it is one version, which never changes, rather than a tag. */
export function isExactVersion(versionOrTag: string): boolean {
  return /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.test(versionOrTag);
}

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
