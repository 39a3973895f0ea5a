import * as v from "valibot";
import { isExactVersion } from "./package_address.ts";
import { RegistryAnswerError } from "./registry_error.ts";

/**
 * A field of a type that is not expected counts as absent: registries hold twenty years of package.json
 * files.
 */
function lenient<Schema extends v.GenericSchema>(schema: Schema) {
  return v.fallback(v.optional(schema), undefined as never);
}

const Words = v.union([v.string(), v.array(v.string())]);
/** A list is no record, although JavaScript has it so. */
const Texts = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value)),
  v.record(v.string(), v.string()),
);

const Bundle = v.union([v.boolean(), v.array(v.string())]);

export const PackageSignature = v.object({ keyid: v.string(), sig: v.string() });
export type PackageSignature = v.InferOutput<typeof PackageSignature>;

/** What haft uses of a version's manifest. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly dist: {
    /** The file's address. Always there; made by npm's convention where the registry does not say it. */
    readonly tarball: string;
    /** Subresource integrity; may hold several hashes. */
    readonly integrity?: string | undefined;
    readonly signatures?: readonly PackageSignature[] | undefined;
  };
  readonly os?: string | readonly string[] | undefined;
  readonly cpu?: string | readonly string[] | undefined;
  readonly libc?: string | readonly string[] | undefined;
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined;
  readonly peerDependencies?: Readonly<Record<string, string>> | undefined;
  readonly bin?: string | Readonly<Record<string, string>> | undefined;
  /** The dependencies that the tarball brings along: their names, or all. */
  readonly bundleDependencies?: boolean | readonly string[] | undefined;
  /** The same, by its other name. */
  readonly bundledDependencies?: boolean | readonly string[] | undefined;
  /** ISO date of the publication, where the registry offers it. */
  readonly publishedAt?: string | undefined;
}

const Dist = v.object({
  tarball: lenient(v.string()),
  integrity: lenient(v.string()),
  signatures: lenient(v.array(PackageSignature)),
});

/** As registries serve it. */
export const ServedManifest = v.object({
  name: v.string(),
  version: v.string(),
  dist: v.fallback(v.optional(Dist, {}), {}),
  os: lenient(Words),
  cpu: lenient(Words),
  libc: lenient(Words),
  dependencies: lenient(Texts),
  optionalDependencies: lenient(Texts),
  peerDependencies: lenient(Texts),
  bundleDependencies: lenient(Bundle),
  bundledDependencies: lenient(Bundle),
  bin: lenient(v.union([v.string(), Texts])),
});
export type ServedManifest = v.InferOutput<typeof ServedManifest>;

/** As the cache keeps it: what was served, without what is not used. */
export const CachedManifest = v.object({ ...ServedManifest.entries, publishedAt: lenient(v.string()) });
export type CachedManifest = v.InferOutput<typeof CachedManifest>;

/** A package's versions and tags. */
export interface Packument {
  readonly name: string;
  /** In the registry's order, which means nothing. */
  readonly versions: readonly string[];
  readonly distTags: Readonly<Record<string, string>>;
}

const Tags = v.record(v.string(), v.string());

/** As registries serve it: the abbreviated form or the full one. */
export const ServedPackument = v.object({
  name: v.string(),
  versions: v.fallback(v.optional(v.record(v.string(), v.unknown()), {}), {}),
  "dist-tags": v.fallback(v.optional(Tags, {}), {}),
  time: v.fallback(v.optional(v.record(v.string(), v.unknown()), {}), {}),
});
export type ServedPackument = v.InferOutput<typeof ServedPackument>;

/** As the cache keeps it. */
export const CachedPackument = v.object({ name: v.string(), versions: v.array(v.string()), distTags: Tags });

/** Leaves aside what is large and not used. */
export function summarize(served: ServedPackument): Packument {
  return { name: served.name, versions: Object.keys(served.versions), distTags: served["dist-tags"] };
}

/** One version's manifest out of the whole document, by version or tag. */
export function pickManifest(served: ServedPackument, versionOrTag: string): CachedManifest | undefined {
  const tags = served["dist-tags"];
  const version = Object.hasOwn(served.versions, versionOrTag)
    ? versionOrTag
    : Object.hasOwn(tags, versionOrTag)
    ? tags[versionOrTag]
    : undefined;
  if (version === undefined || !Object.hasOwn(served.versions, version)) return undefined;
  const parsed = v.safeParse(ServedManifest, served.versions[version]);
  if (!parsed.success) return undefined;
  const time = served.time[version];
  return typeof time === "string" ? { ...parsed.output, publishedAt: time } : parsed.output;
}

/**
 * A manifest from an answer that holds one, or the whole package: some registries serve that at any address
 * below it.
 * @throws {RegistryAnswerError}
 */
export function readManifest(
  json: unknown,
  { name, versionOrTag, url }: { name: string; versionOrTag: string; url: string },
): CachedManifest {
  const parsed = v.safeParse(ServedManifest, json);
  const manifest = parsed.success ? parsed.output : fromWhole(json, versionOrTag);
  if (manifest === undefined) {
    throw new RegistryAnswerError(
      `The registry's answer for ${name}@${versionOrTag} is no manifest (${url})`,
    );
  }
  // A signature covers what the manifest calls itself: it must be what was asked for.
  if (manifest.name !== name || (isExactVersion(versionOrTag) && manifest.version !== versionOrTag)) {
    throw new RegistryAnswerError(
      `The registry answered for ${name}@${versionOrTag} with ${manifest.name}@${manifest.version}`,
    );
  }
  return manifest;
}

function fromWhole(json: unknown, versionOrTag: string): CachedManifest | undefined {
  const whole = v.safeParse(ServedPackument, json);
  return whole.success ? pickManifest(whole.output, versionOrTag) : undefined;
}

/** @throws {RegistryAnswerError} */
export function readPackument(json: unknown, { name, url }: { name: string; url: string }): ServedPackument {
  const parsed = v.safeParse(ServedPackument, json);
  if (!parsed.success) {
    throw new RegistryAnswerError(`The registry's answer for ${name} is no package (${url})`);
  }
  if (parsed.output.name !== name) {
    throw new RegistryAnswerError(`The registry answered for ${name} with ${parsed.output.name}`);
  }
  return parsed.output;
}

/** What a search of the registry found. */
export const FoundPackages = v.array(v.object({ name: v.string(), description: v.string() }));

const ServedSearch = v.object({
  objects: v.array(v.object({
    package: v.object({ name: v.string(), description: v.optional(v.nullable(v.string()), "") }),
  })),
});

/** @throws when it is no answer to a search */
export function readFoundPackages(json: unknown): v.InferOutput<typeof FoundPackages> {
  return v.parse(ServedSearch, json).objects.map(({ package: { name, description } }) => ({
    name,
    description: description ?? "",
  }));
}
