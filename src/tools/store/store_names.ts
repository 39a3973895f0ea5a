import { HaftError } from "../../base/errors.ts";

const STORE_ID = /^[A-Za-z0-9][A-Za-z0-9@+._~-]{0,213}$/;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}$/;
/** What {@link keyedName} puts after a version. */
const KEY = /~[0-9a-f]{16}$/;

/** Separates the random part of a staging directory's name; no version contains it. */
const RANDOM_MARK = "~";

/**
 * `<store id>@<version>`: the name of an installed tool's lock and of its staging directories. The two parts
 * become path components, so only names of an allow-list pass: neither can be `..`, be hidden, or hold a
 * separator.
 *
 * @throws {HaftError}
 */
export function installationName(storeId: string, version: string): string {
  if (!STORE_ID.test(storeId)) throw new HaftError(`${JSON.stringify(storeId)} cannot be the name of a tool`);
  if (!VERSION.test(version)) {
    throw new HaftError(`${JSON.stringify(version)} cannot be a version of "${storeId}"`, {
      next: "A version has letters, digits, dots, hyphens, plus signs and underscores",
    });
  }
  return `${storeId}@${version}`;
}

/** The name of a version's directory for other content than the version's own directory has. */
export function keyedName(version: string, key: string): string {
  return `${version}~${key}`;
}

/** The version that a directory of the store is for. */
export function versionOf(name: string): string {
  return name.replace(KEY, "");
}

/** The name of a directory in the staging area, for the installation that it belongs to. */
export function stagingName(installation: string, random: string): string {
  return `${installation}${RANDOM_MARK}${random}`;
}

/**
 * The installation that a directory in the staging area belongs to, or undefined when haft did not make it.
 */
export function stagingOwner(name: string): string | undefined {
  const owner = name.slice(0, Math.max(name.lastIndexOf(RANDOM_MARK), 0));
  return isInstallationName(owner) ? owner : undefined;
}

/** Whether {@link installationName} would give this. */
export function isInstallationName(name: string): boolean {
  const separator = name.lastIndexOf("@");
  return separator > 0 && STORE_ID.test(name.slice(0, separator)) && VERSION.test(name.slice(separator + 1));
}
