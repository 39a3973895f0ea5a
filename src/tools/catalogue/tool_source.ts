import { satisfies, tryParse } from "@std/semver";
import { HaftError, UsageError } from "../../base/errors.ts";
import { type Platform, PLATFORMS } from "../platform.ts";
import { didYouMean, nearestNames } from "../versions/nearest.ts";
import { knownRange } from "../versions/version_request.ts";
import { catalogueEntry, catalogueNames, toolOfExecutable } from "./catalogue.ts";
import type { HttpBuild, JsBuild, NpmNativeBuild, NpmSource, ToolSource } from "./catalogue_schema.ts";

/** Where a tool comes from: a catalogue entry's source, or an npm package that no entry describes. */
export type Origin =
  | { readonly kind: "catalogue"; readonly source: ToolSource }
  | { readonly kind: "package"; readonly package: string };

const NPM_PACKAGE = /^(?:@[a-z0-9~_-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/i;

/**
 * Finds where a tool comes from. `npm:NAME` of a package that a catalogue entry takes its versions from uses that entry's
 * knowledge (`npm:@biomejs/biome` is the native biome); other packages are looked at when they are resolved.
 * @throws {UsageError} on a name or source that haft does not know
 */
export function toolOrigin(tool: { name: string; source?: "npm" | "http" }): Origin {
  const direct = /^([A-Za-z0-9_-]+):(.*)$/.exec(tool.name);
  if (direct !== null) return packageOrigin(tool.name, direct[1] ?? "", direct[2] ?? "");
  const entry = catalogueEntry(tool.name);
  if (entry === undefined) throw unknownTool(tool.name);
  const source = tool.source === undefined
    ? entry.sources[0]
    : entry.sources.find((candidate) => candidate.source === tool.source);
  if (source !== undefined) return { kind: "catalogue", source };
  throw new UsageError(`Tool "${tool.name}" has no source "${tool.source}"`, {
    next: `It has ${entry.sources.map((known) => `"${known.source}"`).join(", ")}`,
  });
}

/** The error for a name that is not in the catalogue, with the names that come close. */
export function unknownTool(name: string): UsageError {
  const owner = toolOfExecutable(name);
  const near = owner === undefined ? nearestNames(name, catalogueNames()) : [owner];
  return new UsageError(`Unknown tool "${name}"`, {
    next: didYouMean(near) ?? `A package of the npm registry is written "npm:${name}"`,
  });
}

function packageOrigin(tool: string, prefix: string, name: string): Origin {
  if (prefix !== "npm") {
    throw new UsageError(`Unknown source "${prefix}" in tool "${tool}"`, {
      next: 'Write a catalogue name such as "biome", or "npm:NAME"',
    });
  }
  if (!NPM_PACKAGE.test(name) || name.length > 214) {
    throw new UsageError(`Tool "${tool}" does not name an npm package`, {
      next: 'Write "npm:name" or "npm:@scope/name"',
    });
  }
  const source = npmSources().find((candidate) => candidate.versions === name);
  return source === undefined ? { kind: "package", package: name } : { kind: "catalogue", source };
}

function npmSources(): NpmSource[] {
  return catalogueNames()
    .flatMap((name) => catalogueEntry(name)?.sources ?? [])
    .filter((source) => source.source === "npm");
}

/** The build of a source that made the version: some tools changed how they are published. */
export function buildFor(source: NpmSource, version: string): NpmNativeBuild | JsBuild;
export function buildFor(source: ToolSource, version: string): NpmNativeBuild | JsBuild | HttpBuild;
export function buildFor(source: ToolSource, version: string): NpmNativeBuild | JsBuild | HttpBuild {
  const parsed = tryParse(version);
  const builds: readonly (NpmNativeBuild | JsBuild | HttpBuild)[] = source.builds;
  const build = builds.find(({ when }) =>
    when === undefined || (parsed !== undefined && satisfies({ ...parsed, prerelease: [] }, knownRange(when)))
  );
  if (build !== undefined) return build;
  throw new HaftError(`haft does not know how version ${version} is published`, {
    next: "Choose a newer version",
  });
}

/** The executables of a build on a platform, as paths below the install directory. */
export function executablesFor(
  build: NpmNativeBuild | HttpBuild,
  platform: Platform,
): Record<string, string> {
  const windows = platform.startsWith("win32-");
  const bin = windows ? build.windows_bin ?? build.bin : build.bin;
  return Object.fromEntries(
    Object.entries(bin).map(([name, path]) => [name, path.replaceAll("{exe}", windows ? ".exe" : "")]),
  );
}

/**
 * The variables that a tool needs when it runs from `directory`, its install directory; the user's own win over them. A manager
 * of versions tells tools not to look for newer ones, e.g. deno, whose offer to upgrade would change the store.
 */
export function toolVariables(
  tool: { name: string; source?: "npm" | "http"; version: string },
  directory: string,
): Record<string, string> {
  const origin = toolOrigin(tool);
  const build = origin.kind === "package" ? undefined : buildFor(origin.source, tool.version);
  const env = build?.kind === "native" ? build.env ?? {} : {};
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replaceAll("{dir}", directory)]),
  );
}

/** The platforms that a build is published for, each with the publisher's word for it, in the order of PLATFORMS. */
export function publishedPlatforms(build: NpmNativeBuild | HttpBuild): [Platform, string][] {
  return PLATFORMS.flatMap((platform): [Platform, string][] => {
    const word = build.platforms[platform];
    return word === undefined ? [] : [[platform, word]];
  });
}
