import { format, tryParse } from "@std/semver";
import { HaftError } from "../../base/errors.ts";
import type { Artifact } from "../../protocol/install.ts";
import type { NpmNativeBuild, NpmSource } from "../catalogue/catalogue_schema.ts";
import { publishedPlatforms } from "../catalogue/tool_source.ts";
import { strongestIntegrity } from "../lockfile/integrity.ts";
import type { LockedTool } from "../lockfile/locked_tool.ts";
import type { ToolRequest } from "../request.ts";
import { pickVersion } from "../versions/pick_version.ts";
import { parseVersionRequest } from "../versions/version_request.ts";
import { requestOptions, REQUESTS_AT_ONCE, type ResolveDeps, type VersionManifest } from "./deps.ts";
import { mapBounded } from "./map_bounded.ts";
import { orNotFound } from "./not_found.ts";
import { noIntegrity, nothingPublished, unknownPackage, unknownVersion } from "./version_error.ts";

/**
 * The exact version of a request, with the smallest question: none for an exact version (asking for its packages tells
 * whether it exists), one manifest for a tag, the list of all versions for a range.
 */
export async function npmVersion(
  request: ToolRequest,
  packageName: string,
  deps: ResolveDeps,
): Promise<{ version: string; manifest?: VersionManifest }> {
  const asked = parseVersionRequest(request.version);
  if (asked.kind === "exact") return { version: asked.version };
  if (asked.kind === "tag") {
    const manifest = await orNotFound(deps.registry.manifest(packageName, asked.tag, requestOptions(deps)));
    if (manifest === undefined) throw await unknownNpmVersion(request, packageName, deps);
    return { version: checkedVersion(request, manifest.version), manifest };
  }
  const packument = await orNotFound(deps.registry.packument(packageName, requestOptions(deps)));
  if (packument === undefined) throw unknownPackage(request, packageName);
  const version = pickVersion(packument.versions, asked.range);
  if (version === undefined) throw unknownVersion(request, packument);
  return { version };
}

/** A tag's version becomes a directory's name and part of addresses, so it must be what it claims to be. */
function checkedVersion(request: ToolRequest, version: string): string {
  const parsed = tryParse(version);
  if (parsed !== undefined) return format(parsed);
  throw new HaftError(
    `Tag "${request.version}" of tool "${request.name}" is ${JSON.stringify(version)}, which is no version`,
    { next: "Ask for a version by its number" },
  );
}

/** Every platform's artifacts of a native build. A platform whose package lacks the version is left out. */
export async function nativePlatforms(
  request: ToolRequest,
  { source, build, version }: { source: NpmSource; build: NpmNativeBuild; version: string },
  deps: ResolveDeps,
): Promise<LockedTool["platforms"]> {
  const packageOf = new Map(
    publishedPlatforms(build).map(([platform, word]) => [
      platform,
      build.package.replaceAll("{platform}", word),
    ]),
  );
  const companions = (build.companions ?? []).map((companion) => companion.package);
  const names = [...new Set([...packageOf.values(), ...companions])];
  const artifacts = new Map(
    await mapBounded(
      names,
      REQUESTS_AT_ONCE,
      async (name) => [name, await npmArtifact(request, { package: name, version }, deps)] as const,
    ),
  );
  const platforms: LockedTool["platforms"] = {};
  for (const [platform, name] of packageOf) {
    const list = [name, ...companions].map((one) => artifacts.get(one));
    if (list.every((artifact) => artifact !== undefined)) platforms[platform] = list;
  }
  if (Object.keys(platforms).length > 0) return platforms;
  throw await missingVersion(request, { package: source.versions, version }, deps);
}

/** The one artifact of a package that is installed with its dependencies. */
export async function jsPlatforms(
  request: ToolRequest,
  wanted: { package: string; version: string; manifest?: VersionManifest | undefined },
  deps: ResolveDeps,
): Promise<LockedTool["platforms"]> {
  const artifact = wanted.manifest === undefined
    ? await npmArtifact(request, wanted, deps)
    : manifestArtifact(request, wanted, wanted.manifest);
  if (artifact === undefined) throw await missingVersion(request, wanted, deps);
  return { any: [artifact] };
}

/** A version's artifact from its manifest, or undefined when the registry has no such version. */
async function npmArtifact(
  request: ToolRequest,
  wanted: { package: string; version: string },
  deps: ResolveDeps,
): Promise<Artifact | undefined> {
  const manifest = await orNotFound(
    deps.registry.manifest(wanted.package, wanted.version, requestOptions(deps)),
  );
  return manifest === undefined ? undefined : manifestArtifact(request, wanted, manifest);
}

/** @throws {HaftError} when the manifest has no strong hash */
export function manifestArtifact(
  request: ToolRequest,
  { package: name, version }: { package: string; version: string },
  { dist }: VersionManifest,
): Artifact {
  const integrity = strongestIntegrity(dist.integrity ?? "");
  if (integrity === undefined) throw noIntegrity(request, `${name}@${version}`, dist.integrity);
  return { kind: "npm", package: name, version, integrity };
}

/** Why nothing of a version was found: it does not exist, or it exists without executables. */
async function missingVersion(
  request: ToolRequest,
  { package: name, version }: { package: string; version: string },
  deps: ResolveDeps,
): Promise<Error> {
  const packument = await orNotFound(deps.registry.packument(name, requestOptions(deps)));
  if (packument === undefined) return unknownPackage(request, name);
  return packument.versions.includes(version)
    ? nothingPublished(request, version, "npm")
    : unknownVersion(request, packument);
}

/** The error for a tag or version that the package does not have. */
export async function unknownNpmVersion(
  request: ToolRequest,
  name: string,
  deps: ResolveDeps,
): Promise<Error> {
  const packument = await orNotFound(deps.registry.packument(name, requestOptions(deps)));
  return packument === undefined ? unknownPackage(request, name) : unknownVersion(request, packument);
}
