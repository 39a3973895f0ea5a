/**
 * What resolving needs of the registry and of HTTP: metadata alone. Both clients in ../registry and ../http have this shape;
 * naming only the part that is used keeps a test's fake small, and makes downloading an artifact here impossible.
 */
export interface ResolveDeps {
  registry: MetadataRegistry;
  http: MetadataHttp;
  signal?: AbortSignal;
}

export interface RequestOptions {
  signal?: AbortSignal;
}

export interface MetadataRegistry {
  /** Every version and tag of a package. Large: asked only for ranges, and for the nearest versions in an error. */
  packument(
    name: string,
    options?: RequestOptions,
  ): Promise<{ versions: readonly string[]; distTags: Readonly<Record<string, string>> }>;
  /** One version of a package, by version or tag. */
  manifest(name: string, versionOrTag: string, options?: RequestOptions): Promise<VersionManifest>;
}

/** The part of a version's package.json that matters, as registries serve it: fields may be absent or of another type. */
export interface VersionManifest {
  readonly name: string;
  readonly version: string;
  readonly dist: { readonly integrity?: string | undefined };
  readonly os?: readonly string[] | string | undefined;
  readonly cpu?: readonly string[] | string | undefined;
  readonly libc?: readonly string[] | string | undefined;
  readonly bin?: Readonly<Record<string, string>> | string | undefined;
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined;
}

export interface MetadataHttp {
  get(
    url: string,
    options?: { signal?: AbortSignal; maxBytes?: number },
  ): Promise<{ status: number; text(): Promise<string>; cancel(): Promise<void> }>;
}

/** Requests that one resolve has open at a time. */
export const REQUESTS_AT_ONCE = 8;

/** The options to hand on, without an undefined signal. */
export function requestOptions({ signal }: ResolveDeps): RequestOptions {
  return signal === undefined ? {} : { signal };
}
