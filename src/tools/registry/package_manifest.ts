import * as v from "valibot";

/** A field of a type that is not expected counts as absent: registries hold twenty years of package.json files. */
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
  readonly bin?: string | Readonly<Record<string, string>> | undefined;
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
  bin: lenient(v.union([v.string(), Texts])),
});
export type ServedManifest = v.InferOutput<typeof ServedManifest>;

/** As the cache keeps it: what was served, without what is not used. */
export const CachedManifest = v.object({ ...ServedManifest.entries, publishedAt: lenient(v.string()) });
export type CachedManifest = v.InferOutput<typeof CachedManifest>;
