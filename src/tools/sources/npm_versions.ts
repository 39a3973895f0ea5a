/** Which version of which package a request to the npm registry means. */
import { compare, format, parse, tryParse } from "@std/semver";
import { HaftError } from "../../base/errors.ts";
import { pickVersion, sortVersions } from "../versions/pick_version.ts";
import { parseVersionRequest, type VersionRequest } from "../versions/version_request.ts";
import { chooseFrom, isNewest, withLatest } from "./choose_version.ts";
import { type RequestOptions, requestOptions, type ResolveDeps, type VersionManifest } from "./source.ts";
import { nothingPublished, orNotFound, unknownPackage, unknownVersion } from "./source_error.ts";
import type { SourceRequest } from "./source_request.ts";

/** Where an entry's versions are listed. */
export interface NpmVersions {
  /** The package whose versions and tags are the tool's. */
  versions: string;
  /** The tool's version → that of the packages, where they have numbers of their own. */
  carried?: Readonly<Record<string, string>> | undefined;
  /** Tags that the registry does not know → what they ask for. */
  tags?: Readonly<Record<string, string>> | undefined;
  /** The package that published the versions before `below`. */
  earlier?: { package: string; below: string } | undefined;
}

/** The package that published a version. */
export function packageOf({ versions, earlier }: NpmVersions, version: string): string {
  return earlier !== undefined && isBelow(version, earlier.below) ? earlier.package : versions;
}

function isBelow(version: string, limit: string): boolean {
  const given = tryParse(version);
  return given !== undefined && compare(given, parse(limit)) < 0;
}

/** Every version, oldest first. */
export async function allVersions(
  entry: NpmVersions,
  request: SourceRequest,
  deps: ResolveDeps,
): Promise<string[]> {
  if (entry.carried !== undefined) return sortVersions(Object.keys(entry.carried));
  const { versions } = await listed(entry, request, deps);
  return sortVersions(versions);
}

async function listed(entry: NpmVersions, request: SourceRequest, deps: ResolveDeps) {
  const packument = await orNotFound(deps.registry.packument(entry.versions, requestOptions(deps)));
  if (packument === undefined) throw unknownPackage(request, entry.versions);
  const before = await earlierVersions(entry, deps);
  const own = packument.versions.filter((version) => packageOf(entry, version) === entry.versions);
  return { versions: [...before, ...own], distTags: packument.distTags };
}

async function earlierVersions(
  { earlier }: NpmVersions,
  { registry, ...deps }: Pick<ResolveDeps, "registry" | "signal">,
): Promise<string[]> {
  if (earlier === undefined) return [];
  const options: RequestOptions = requestOptions(deps);
  const packument = await orNotFound(registry.packument(earlier.package, options));
  return (packument?.versions ?? []).filter((version) => isBelow(version, earlier.below));
}

/** The number that the packages of a version have. */
export function packageVersion({ carried }: NpmVersions, version: string): string {
  return carried !== undefined && Object.hasOwn(carried, version) ? carried[version] ?? version : version;
}

/** A request may also name the version of the package, as those of before had to. */
function carriedVersion(request: SourceRequest, carried: Readonly<Record<string, string>>): string {
  const asked = parseVersionRequest(request.version);
  const versions = Object.keys(carried);
  const byPackage = asked.kind === "exact"
    ? versions.find((one) => carried[one] === asked.version)
    : undefined;
  const version = byPackage ?? chooseFrom(versions, request);
  if (version === undefined) throw unknownVersion(request, withLatest(versions));
  return version;
}

/**
 * The exact version of a request, by the smallest question: none for an exact version (asking for its
 * packages tells whether it exists), one manifest for a tag, the list of all versions for a range.
 */
export async function chooseVersion(
  request: SourceRequest,
  entry: NpmVersions,
  deps: ResolveDeps,
): Promise<{ version: string; manifest?: VersionManifest }> {
  if (entry.carried !== undefined) return { version: carriedVersion(request, entry.carried) };
  const packageName = entry.versions;
  const asked = knownTag(parseVersionRequest(request.version), entry);
  if (asked.kind === "exact") return { version: asked.version };
  if (asked.kind === "tag") {
    const manifest = await taggedManifest(packageName, asked.tag, deps);
    if (manifest === undefined) throw await missingVersion(request, { package: packageName }, deps, entry);
    return { version: checkedVersion(request, manifest.version), manifest };
  }
  const { versions, distTags } = await listed(entry, request, deps);
  const version = pickVersion(versions, asked.range);
  if (version === undefined) throw unknownVersion(request, { versions, distTags });
  return { version };
}

/** A request by one of the entry's own tags, as what the tag asks for. */
function knownTag(asked: VersionRequest, { tags = {} }: NpmVersions): VersionRequest {
  if (asked.kind !== "tag") return asked;
  const word = asked.tag.toLowerCase();
  return Object.hasOwn(tags, word) ? parseVersionRequest(tags[word] ?? word) : asked;
}

/** What a tag of the registry names; other words for the newest release mean its `latest`. */
async function taggedManifest(
  name: string,
  tag: string,
  deps: ResolveDeps,
): Promise<VersionManifest | undefined> {
  const ask = (word: string) => orNotFound(deps.registry.manifest(name, word, requestOptions(deps)));
  // The registry has no tags with a slash, which would be another address.
  const manifest = tag.includes("/") ? undefined : await ask(tag);
  return manifest ?? (isNewest(tag) && tag !== "latest" ? await ask("latest") : undefined);
}

/** A tag's version becomes a directory's name and part of addresses, so it must be what it claims to be. */
function checkedVersion(request: SourceRequest, version: string): string {
  const parsed = tryParse(version);
  if (parsed !== undefined) return format(parsed);
  throw new HaftError(
    `Tag "${request.version}" of tool "${request.name}" is ${
      JSON.stringify(version)
    }, which is not a version`,
    { next: "Ask for a version by its number" },
  );
}

/** Why a version or tag was not found: it does not exist, or it exists without executables. */
export async function missingVersion(
  request: SourceRequest,
  { package: name, version }: { package: string; version?: string },
  deps: ResolveDeps,
  { tags = {} }: Pick<NpmVersions, "tags"> = {},
): Promise<Error> {
  const packument = await orNotFound(deps.registry.packument(name, requestOptions(deps)));
  if (packument === undefined) return unknownPackage(request, name);
  return version !== undefined && packument.versions.includes(version)
    ? nothingPublished(request, version, "npm")
    : unknownVersion(request, { ...packument, distTags: { ...tags, ...packument.distTags } });
}
