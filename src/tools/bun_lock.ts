/**
 * What haft needs to know of `bun.lock`, Bun's own lock file: JSON with trailing commas, whose `packages` are
 * `"place": ["name@version", "address", {…}, "integrity"]`. A place is `name`, or `parent/name` for one in
 * its parent's node_modules. The address is empty for the default registry.
 */
import { canParse } from "@std/semver";
import * as v from "valibot";
import { HaftError } from "../base/errors.ts";

const Specs = v.optional(v.record(v.string(), v.string()), {});

const Details = v.looseObject({
  dependencies: Specs,
  optionalDependencies: Specs,
  peerDependencies: Specs,
});

const NAME = /^(?:@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/;

/** A package of the registry. Those from elsewhere have other lists. */
const FromRegistry = v.strictTuple([
  v.string(),
  v.string(),
  Details,
  v.pipe(v.string(), v.regex(/^sha(?:1|256|384|512)-[A-Za-z0-9+/]+=*$/)),
]);

const Lock = v.looseObject({
  lockfileVersion: v.number(),
  configVersion: v.optional(v.number()),
  packages: v.record(v.string(), v.looseTuple([v.string()])),
});

export interface LockedPackage {
  /** Where it is installed: the names of its parents, then the name that its dependent uses. */
  place: readonly string[];
  /** Its name in the registry; with an alias, another one than the last of its place. */
  name: string;
  /** Its version; for a package from elsewhere, its address. */
  version: string;
  isFromRegistry: boolean;
  /** Undefined for a package from elsewhere, and for one without a hash. */
  integrity: string | undefined;
  /** What it asks for: every name with its range, or with an alias (`npm:other@^1`). */
  dependencies: Readonly<Record<string, string>>;
  peers: Readonly<Record<string, string>>;
}

export interface BunLock {
  packages: readonly LockedPackage[];
  /**
   * The lock as Bun is to read it, for a project with one dependency: one meaning, no address of a registry,
   * no other setting.
   */
  forBun(root: { name: string; version: string }): string;
}

/** @throws {HaftError} when the text is not such a file */
export function parseBunLock(text: string): BunLock {
  const { lockfileVersion, configVersion, packages } = parsed(text);
  const entries = Object.entries(packages).map(([place, item]) => locked(place, item));
  return {
    packages: entries.map(({ entry }) => entry),
    forBun: ({ name, version }) =>
      JSON.stringify({
        lockfileVersion,
        ...(configVersion === undefined ? {} : { configVersion }),
        workspaces: { "": { dependencies: { [name]: version } } },
        packages: Object.fromEntries(entries.map(({ place, item }) => [place, item])),
      }),
  };
}

/**
 * The integrity that the lock has for a package at exactly this version; undefined when it holds another, or
 * none.
 */
export function lockedIntegrity(text: string, name: string, version: string): string | undefined {
  try {
    return parseBunLock(text).packages.find((one) =>
      one.place.length === 1 && one.place[0] === name && one.name === name && one.version === version
    )?.integrity;
  } catch {
    return undefined;
  }
}

/**
 * The lock without addresses. Bun writes them for any registry but the default one; without them it asks the
 * registry that is configured where the lock is used, and the integrity still decides what is installed.
 */
export function withoutAddresses(lock: string): string {
  return lock.replace(/^( {4}"[^"\n]+": \["[^"\n]+", )"https?:\/\/[^"\n]*"/gm, `$1""`);
}

function parsed(text: string): v.InferOutput<typeof Lock> {
  try {
    // A text is kept as it is, and a comma before a bracket is none.
    const json = text.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, quoted?: string) => quoted ?? "");
    return v.parse(Lock, JSON.parse(json));
  } catch (cause) {
    throw new HaftError("The lock of a package's dependencies is not one of Bun's", { cause });
  }
}

function locked(
  place: string,
  item: readonly [string, ...unknown[]],
): { place: string; item: readonly unknown[]; entry: LockedPackage } {
  const at = item[0].indexOf("@", 1);
  const [name, version] = at < 0 ? [item[0], ""] : [item[0].slice(0, at), item[0].slice(at + 1)];
  if (![name, ...names(place)].every((part) => NAME.test(part))) {
    throw new HaftError(`The lock of a package's dependencies has "${place}", which is no package's name`);
  }
  const isFromRegistry = canParse(version);
  const registry = isFromRegistry ? v.safeParse(FromRegistry, item) : undefined;
  const details = item.find((part): part is object => typeof part === "object" && part !== null) ?? {};
  const { dependencies, optionalDependencies, peerDependencies } = v.parse(Details, details);
  return {
    place,
    item: registry?.success === true ? [item[0], "", registry.output[2], registry.output[3]] : item,
    entry: {
      place: names(place),
      name,
      version,
      isFromRegistry,
      integrity: registry?.success === true ? registry.output[3] : undefined,
      dependencies: { ...dependencies, ...optionalDependencies },
      peers: peerDependencies,
    },
  };
}

/** `a/@b/c` is the names `a` and `@b/c`. */
function names(place: string): string[] {
  return place.match(/@[^/]+\/[^/]+|[^/]+/g) ?? [];
}
