/** Packages that belong to a native tool of the npm registry beside that with its executables. */
import { satisfies, tryParse } from "@std/semver";
import * as v from "valibot";
import type { Artifact } from "../../protocol/artifact.ts";
import { pickVersion, versionSatisfies } from "../versions/pick_version.ts";
import { knownRange } from "../versions/version_request.ts";
import { ComponentName, RelativePath } from "./build.ts";
import { requestOptions, type ResolveDeps, type VersionManifest } from "./source.ts";
import { orNotFound } from "./source_error.ts";

export const PackageName = v.pipe(
  v.string(),
  v.regex(/^(?:@[a-z0-9-]+\/)?[a-z0-9.{}-]+$/, "a package name"),
);

/** A package for every platform, e.g. zig's library. */
export const NpmCompanion = v.strictObject({
  package: PackageName,
  into: RelativePath,
  /** The component that it is, for `options.components`. */
  component: v.optional(ComponentName),
  /**
   * Range of the tool's versions → range of the package's own, where it has numbers of its own: node 24 comes
   * with npm 11. The first that fits counts, and the tool does without it where none does, or the registry
   * lacks it.
   */
  carries: v.optional(v.record(v.string(), v.string())),
});
export type NpmCompanion = v.InferOutput<typeof NpmCompanion>;

type Carries = NonNullable<NpmCompanion["carries"]>;

/** The newest versions of the companions that have numbers of their own. */
export async function carriedCompanions(
  companions: readonly NpmCompanion[],
  version: string,
  deps: ResolveDeps,
): Promise<VersionManifest[]> {
  const found: VersionManifest[] = [];
  for (const { package: name, carries: ranges } of companions) {
    const range = ranges === undefined ? undefined : rangeFor(ranges, version);
    if (range === undefined) continue;
    const packument = await orNotFound(deps.registry.packument(name, requestOptions(deps)));
    const newest = packument === undefined ? undefined : pickVersion(packument.versions, knownRange(range));
    if (newest === undefined) continue;
    const manifest = await orNotFound(deps.registry.manifest(name, newest, requestOptions(deps)));
    if (manifest !== undefined) found.push({ ...manifest, name, version: newest });
  }
  return found;
}

/** Whether a tool's version comes with that version of the companion. */
export function carries(
  ranges: Carries,
  { version, published }: { version: string; published: string },
): boolean {
  const range = rangeFor(ranges, version);
  return range !== undefined && versionSatisfies(range, published);
}

/** The companions that a lock entry has, in its order, and those that it does without. */
export function lockedCompanions(
  { companions = [] }: { companions?: readonly NpmCompanion[] | undefined },
  artifacts: readonly Artifact[],
): { companions: NpmCompanion[]; absent: NpmCompanion[] } {
  const names = artifacts.slice(1).map((artifact) => artifact.kind === "npm" ? artifact.package : "");
  return {
    companions: names.flatMap((name) => companions.find((one) => one.package === name) ?? []),
    absent: companions.filter((one) => !names.includes(one.package)),
  };
}

function rangeFor(ranges: Carries, version: string): string | undefined {
  const parsed = tryParse(version);
  if (parsed === undefined) return undefined;
  const given = { ...parsed, prerelease: [] };
  return Object.entries(ranges).find(([tool]) => satisfies(given, knownRange(tool)))?.[1];
}
