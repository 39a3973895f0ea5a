/**
 * A lock of dependencies may come from a stranger's checkout. What it holds counts when the packages
 * themselves ask for it: the hashes prove what each of them is, but not that it belongs there.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import type { BunLock, LockedPackage } from "../bun_lock.ts";
import type { PackageIntegrity } from "../sources/source.ts";
import { versionSatisfies } from "../versions/pick_version.ts";
import { tryParseVersionRequest } from "../versions/version_request.ts";

export interface LockOwner {
  tool: string;
  /** The file of the lock, for messages. */
  file: string;
}

const Manifest = v.looseObject({
  dependencies: v.fallback(v.optional(v.record(v.string(), v.string())), undefined),
  optionalDependencies: v.fallback(v.optional(v.record(v.string(), v.string())), undefined),
  peerDependencies: v.fallback(v.optional(v.record(v.string(), v.string())), undefined),
});

/** @throws {HaftError} naming a package of the registry without a hash: anything could be installed for it */
export function requireHashes({ packages }: BunLock, owner: LockOwner): void {
  const open = packages.find(({ isFromRegistry, integrity }) => isFromRegistry && integrity === undefined);
  if (open !== undefined) throw refused(owner, `it has no hash of ${open.name}@${open.version}`);
}

/**
 * Looks whether each installed package is one that the tool, or a package that the tool needs, asks for.
 *
 * @param options.tree the directory with the installed packages, just extracted and checked against the
 * hashes
 * @param options.manifest what the registry says of a package, for those that are not installed here, or
 * whose own manifest differs from it
 * @throws {HaftError} naming a package that none asks for
 */
export async function requireDependents(
  { packages }: BunLock,
  root: { name: string; version: string },
  { owner, tree, manifest }: {
    owner: LockOwner;
    tree: string;
    manifest: (name: string, version: string) => Promise<PackageIntegrity>;
  },
): Promise<void> {
  const asked = new Asked();
  asked.add({ dependencies: { [root.name]: root.version } });
  const reached: LockedPackage[] = [];
  let rest = packages;
  const reach = () => {
    for (let before = -1; before !== rest.length;) {
      before = rest.length;
      const found = rest.filter((one) => asked.fits(one));
      rest = rest.filter((one) => !found.includes(one));
      reached.push(...found);
      for (const one of found) asked.add(installedManifest(tree, one));
    }
    return rest.find((one) => existsSync(manifestPath(tree, one)));
  };
  const confirmed = new Set<LockedPackage>();
  for (;;) {
    const stranger = reach();
    if (stranger === undefined) return;
    const claimant = reached.find((one) => !confirmed.has(one) && claimsOne(one, rest));
    if (claimant === undefined) {
      throw refused(owner, `it has ${stranger.name}@${stranger.version}, for which no package asks`);
    }
    confirmed.add(claimant);
    asked.add(await manifest(claimant.name, claimant.version));
  }
}

function claimsOne({ dependencies, peers }: LockedPackage, rest: readonly LockedPackage[]): boolean {
  return rest.some(({ place }) => {
    const name = place.at(-1) ?? "";
    return Object.hasOwn(dependencies, name) || Object.hasOwn(peers, name);
  });
}

/** What the packages that are known to belong there ask for. */
class Asked {
  readonly #ranges = new Map<string, Set<string>>();
  readonly #peers = new Map<string, Set<string>>();

  add(
    { dependencies = {}, optionalDependencies = {}, peerDependencies = {} }: Partial<PackageIntegrity>,
  ): void {
    for (const [name, range] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      put(this.#ranges, name, range);
    }
    for (const [name, range] of Object.entries(peerDependencies)) put(this.#peers, name, range);
  }

  fits(one: LockedPackage): boolean {
    const name = one.place.at(-1) ?? "";
    const fits = (range: string) => isCalled(one, name, range) && isInside(one, range);
    // A peer of another version is installed, too, with a warning.
    return [...this.#ranges.get(name) ?? []].some(fits) ||
      [...this.#peers.get(name) ?? []].some((range) => isCalled(one, name, range));
  }
}

function put(map: Map<string, Set<string>>, name: string, range: string): void {
  const ranges = map.get(name) ?? new Set();
  map.set(name, ranges.add(range));
}

/** `npm:other@^1` under the name `other-cjs`. */
const ALIAS = /^npm:((?:@[^/]+\/)?[^@]+)(?:@(.*))?$/s;

function isCalled({ isFromRegistry, name }: LockedPackage, asked: string, range: string): boolean {
  return !isFromRegistry || name === (ALIAS.exec(range)?.[1] ?? asked);
}

function isInside({ isFromRegistry, version }: LockedPackage, spec: string): boolean {
  const alias = ALIAS.exec(spec);
  const range = alias === null ? spec : alias[2] ?? "*";
  const kind = tryParseVersionRequest(range)?.kind;
  // A tag may have pointed at any version, and what haft cannot read, Bun could.
  return !isFromRegistry || kind === undefined || kind === "tag" || versionSatisfies(range, version);
}

function manifestPath(tree: string, { place }: LockedPackage): string {
  return join(tree, "node_modules", place.join("/node_modules/"), "package.json");
}

function installedManifest(tree: string, one: LockedPackage): Partial<PackageIntegrity> {
  const path = manifestPath(tree, one);
  if (!existsSync(path)) return {};
  try {
    return v.parse(Manifest, JSON.parse(readTextFile(path)));
  } catch {
    // Then the registry is asked.
    return {};
  }
}

function refused({ tool, file }: LockOwner, why: string): HaftError {
  return new HaftError(`Refused the lock of "${tool}", "${file}": ${why}`, {
    next: 'Remove the file, run "haft sync", and compare what it writes',
  });
}
