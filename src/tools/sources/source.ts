/**
 * A source is one module: it knows how a tool is written in the catalogue and in the lock file, which
 * versions there are, and where an artifact is downloaded. `sources.ts` lists them; everything else asks that
 * list.
 */
import type * as v from "valibot";
import type { ArchiveFormat, Artifact, SourceName } from "../../protocol/artifact.ts";
import type { Executables, LockedPlatform, LockedTool } from "../locked_tool.ts";
import type { Platform } from "../platform.ts";
import type { Documents } from "../registry/metadata_client.ts";
import type { RegistryUser } from "../registry/registry_types.ts";
import type { SourceRequest } from "./source_request.ts";
import type { SignatureState } from "../store/receipt.ts";

export interface Source<Entry, Item extends Artifact> {
  readonly name: SourceName;
  /** How a catalogue entry describes a tool of this source. */
  readonly entry: v.GenericSchema<unknown, Entry>;
  /** How the lock file writes an artifact. */
  readonly locked: LockedForm<Item>;
  /**
   * The entry that `NAME:TEXT` in a manifest stands for, e.g. `npm:prettier`; undefined when the text is
   * malformed.
   */
  direct(text: string): Entry | undefined;
  /** How `NAME:TEXT` is written, for messages; undefined when every tool needs a catalogue entry. */
  readonly directForm: string | undefined;
  /** What an entry is about: a direct entry uses the catalogue's knowledge of the same thing. */
  subject(entry: Entry): string;
  /** Whether an install runs code of the package: its build scripts. Default false. */
  readonly runsCode?: boolean;
  /** Every version, oldest first. */
  versions(entry: Entry, request: SourceRequest, deps: ResolveDeps): Promise<string[]>;
  /**
   * Version → the day it was published (`2024-10-29`), where the list of versions itself tells. Nothing more
   * is asked for it; a source without dates leaves this out.
   */
  dates?(entry: Entry, request: SourceRequest, deps: ResolveDeps): Promise<ReadonlyMap<string, string>>;
  /** The exact version of a request and its artifacts for every platform, from metadata alone. */
  resolve(entry: Entry, request: SourceRequest, deps: ResolveDeps): Promise<Resolved>;
  /**
   * What the source has for words that a person searches for, the best first. Where a registry can only be
   * asked for a name, that one; a source that cannot be asked at all leaves this out.
   */
  search?(text: string, deps: SearchDeps): Promise<FoundTool[]>;
  /**
   * Whether an artifact of a lock file is one that the entry describes. A lock file may come from a stranger:
   * its integrity proves what is downloaded, but not that it is this tool.
   */
  owns(entry: Entry, artifact: Item, place: LockedPlace): boolean;
  /**
   * Asks the source whether an artifact of a lock file is the tool's, where {@link owns} cannot tell from the
   * entry alone; called before it is installed.
   */
  confirms?(entry: Entry, artifact: Item, version: string, deps: ArtifactDeps): Promise<boolean>;
  /** How the artifacts of a native tool are unpacked; undefined when neither entry nor lock says it. */
  layout(entry: Entry, locked: LockedTool, platform: Platform): Layout | undefined;
  /** Whether the entry expects the version to be published for a platform. */
  publishes(entry: Entry, version: string, platform: Platform): boolean;
  /** The executables that the entry names, of whichever version. */
  executables(entry: Entry): string[];
  /** The components that the entry names, of whichever version; a source without any leaves it out. */
  components?(entry: Entry): string[];
  /** Variables that the version needs when it runs; `{dir}` stands for its install directory. */
  variables(entry: Entry, version: string): Readonly<Record<string, string>>;
  format(artifact: Item): ArchiveFormat;
  /** Where an artifact is downloaded, with the credentials for it. */
  address(artifact: Item, deps: ArtifactDeps): Promise<ArtifactAddress>;
  /**
   * Where an artifact lies by convention, which need not be true: its download begins without waiting for
   * metadata. Undefined where the address is known; a source without a convention leaves this out.
   */
  likelyAddress?(artifact: Item, deps: ArtifactDeps): Promise<ArtifactAddress | undefined>;
  /** What the publisher's or the registry's signature says of an artifact. */
  signature(artifact: Item, deps: ArtifactDeps): Promise<SignatureState>;
}

/** An artifact in the lock file: a table of texts. */
export interface LockedForm<Item extends Artifact> {
  /** The key that only this source's tables have. */
  readonly key: string;
  readonly schema: v.GenericSchema<unknown, Item>;
  /** Messages show this form. */
  readonly example: string;
  write(artifact: Item): Readonly<Record<string, string>>;
}

/** Which entry of a lock file an artifact stands in. */
export interface LockedPlace {
  version: string;
  platform: LockedPlatform;
}

export type Resolved = Omit<LockedTool, "request" | "source">;

export interface Layout {
  /** Leading path components to drop from every entry. */
  strip: number;
  bin: Executables;
  /** Where each artifact goes; those after the end of the list go to the root. */
  into: readonly string[];
  /** What an artifact that is one program is called below the root. */
  file?: string;
  /** Launchers that are written for jars: launcher → jar, both below the root. */
  launchers?: Readonly<Record<string, string>>;
  /** Commands that are scripts: where each is linked → the script, both below the root. */
  scripts?: Readonly<Record<string, string>>;
  /** What may be left out, by name. */
  components?: Readonly<Record<string, LayoutComponent>>;
}

/** A part of a tool that is installed unless `options.components` leaves it out. */
export interface LayoutComponent {
  /** Its executables. */
  bin: readonly string[];
  /** Globs of its files. */
  files: readonly string[];
  /** Which of the artifacts are its own. */
  artifacts: readonly number[];
}

export interface ArtifactAddress {
  url: string;
  headers: Record<string, string>;
}

/**
 * What resolving needs of the registry and of other servers: metadata alone. The clients in ../registry have
 * this shape. The narrow interface keeps a test's fake small and rules out downloads.
 */
export interface ResolveDeps {
  registry: MetadataRegistry;
  documents: Documents;
  user: RegistryUser;
  signal?: AbortSignal;
}

/** A tool that a registry has. */
export interface FoundTool {
  /** As a manifest names it: `npm:prettier`. */
  tool: string;
  description: string;
}

/** What searching needs. */
export interface SearchDeps extends Omit<ResolveDeps, "registry"> {
  registry: SearchableRegistry;
}

export interface SearchableRegistry {
  /** The packages that the registry finds for a text, the best first. */
  search(text: string, options?: RequestOptions): Promise<readonly { name: string; description: string }[]>;
}

/** How many tools of one source a search shows. */
export const MOST_FOUND = 10;

export interface RequestOptions {
  signal?: AbortSignal;
}

export interface MetadataRegistry {
  /**
   * Every version and tag of a package. Large: asked only for ranges, and for the nearest versions in an
   * error.
   */
  packument(
    name: string,
    options?: RequestOptions,
  ): Promise<{ versions: readonly string[]; distTags: Readonly<Record<string, string>> }>;
  /** One version of a package, by version or tag. */
  manifest(name: string, versionOrTag: string, options?: RequestOptions): Promise<VersionManifest>;
}

/**
 * The part of a version's package.json that matters, as registries serve it: fields may be absent or of
 * another type.
 */
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

/** What finding and checking an artifact needs; see `src/tools/registry/npm_registry.ts`. */
export interface ArtifactDeps {
  registry: ArtifactRegistry;
  documents: Documents;
  user: RegistryUser;
  signal: AbortSignal;
}

export interface ArtifactRegistry<Manifest extends PackageIntegrity = PackageIntegrity> {
  tarball(name: string, version: string, options?: RequestOptions): Promise<ArtifactAddress>;
  likelyTarball(name: string, version: string): Promise<ArtifactAddress | undefined>;
  manifest(name: string, version: string, options?: RequestOptions): Promise<Manifest>;
  /**
   * The registries and credentials as the text of one .npmrc with nothing left to expand. It holds secrets.
   */
  npmrc(): Promise<string>;
  /** @throws when the registry offers a wrong signature */
  verifySignature(
    manifest: Manifest,
    options?: RequestOptions,
  ): Promise<Exclude<SignatureState, "not-checked">>;
}

export interface PackageIntegrity {
  readonly dist: { readonly integrity?: string | undefined };
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined;
  /** Bun installs these, too. */
  readonly peerDependencies?: Readonly<Record<string, string>> | undefined;
  readonly bundleDependencies?: boolean | readonly string[] | undefined;
  readonly bundledDependencies?: boolean | readonly string[] | undefined;
}

/** Requests that one resolve has open at a time. */
export const REQUESTS_AT_ONCE = 8;

/** The options to hand on, without an undefined signal. */
export function requestOptions({ signal }: { signal?: AbortSignal }): RequestOptions {
  return signal === undefined ? {} : { signal };
}
