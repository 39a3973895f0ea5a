import * as v from "valibot";
import { PLATFORMS } from "../platform.ts";

/**
 * The shape of catalogue.json. Its test validates the file; at run time only the types are used, so that no
 * command pays for validating data that ships with haft.
 *
 * Text in `{braces}` is filled in: `{platform}` (the word from `platforms`), `{version}`, `{format}`, and `{exe}`
 * (`.exe` on Windows, else nothing).
 */
const RelativePath = v.pipe(
  v.string(),
  v.regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[^/\\:][^\\:]*$/, "a path inside the tool"),
);
const ExecutableName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "an executable's name"));
const PackageName = v.pipe(v.string(), v.regex(/^(?:@[a-z0-9-]+\/)?[a-z0-9.{}-]+$/, "a package name"));
const HttpsUrl = v.pipe(v.string(), v.startsWith("https://"));

/** Platform → the word that the publisher uses for it. A platform that is missing here is not published. */
const PlatformWords = v.pipe(
  v.strictObject(v.entriesFromList(PLATFORMS, v.optional(v.pipe(v.string(), v.nonEmpty())))),
  v.check((words) => Object.keys(words).length > 0, "at least one platform"),
);
const Executables = v.record(ExecutableName, RelativePath);

const layout = {
  /** A range of versions; the first build of a source whose range has the version is used. All when absent. */
  when: v.optional(v.string()),
  /** Leading path components to drop. Folders' names are not compared: turbo's is not `package`. */
  strip: v.pipe(v.number(), v.integer(), v.minValue(0)),
  platforms: PlatformWords,
  /** Executable → path below the install directory. */
  bin: Executables,
  /** Replaces `bin` on Windows where the layout differs by more than `.exe`. */
  windows_bin: v.optional(Executables),
  /** Variables that the tool needs when it runs; `{dir}` is its install directory. */
  env: v.optional(v.record(v.string(), v.string())),
};

/** Executables in a package of the npm registry, one package a platform. */
export const NpmNativeBuild = v.strictObject({
  kind: v.literal("native"),
  ...layout,
  package: PackageName,
  /** Packages of the same version that belong to every platform, e.g. zig's library. */
  companions: v.optional(v.array(v.strictObject({ package: PackageName, into: RelativePath }))),
});
export type NpmNativeBuild = v.InferOutput<typeof NpmNativeBuild>;

/** The package that lists the versions, installed with its dependencies; its own `bin` names the executables. */
export const JsBuild = v.strictObject({ kind: v.literal("js"), when: v.optional(v.string()) });
export type JsBuild = v.InferOutput<typeof JsBuild>;

/** An archive at a plain address. */
export const HttpBuild = v.strictObject({
  kind: v.literal("native"),
  ...layout,
  url: HttpsUrl,
  format: v.picklist(["tar.gz", "zip"]),
  /** Replaces `format` on Windows. */
  windows_format: v.optional(v.picklist(["tar.gz", "zip"])),
});
export type HttpBuild = v.InferOutput<typeof HttpBuild>;

export const NpmSource = v.strictObject({
  source: v.literal("npm"),
  /** The package whose versions and tags are the tool's. */
  versions: PackageName,
  builds: v.pipe(v.array(v.variant("kind", [NpmNativeBuild, JsBuild])), v.minLength(1)),
});
export type NpmSource = v.InferOutput<typeof NpmSource>;

export const HttpSource = v.strictObject({
  source: v.literal("http"),
  /** A list of versions in the format of Node's `index.json`. */
  index: HttpsUrl,
  /** A file of `sha256sum` lines for every archive of the version. */
  checksums: HttpsUrl,
  builds: v.pipe(v.array(HttpBuild), v.minLength(1)),
});
export type HttpSource = v.InferOutput<typeof HttpSource>;

export const ToolSource = v.variant("source", [NpmSource, HttpSource]);
export type ToolSource = v.InferOutput<typeof ToolSource>;

export const CatalogueEntry = v.strictObject({
  description: v.pipe(v.string(), v.nonEmpty()),
  /** Other names that version files use for it. */
  aliases: v.optional(v.array(v.string())),
  /** The first is used unless the manifest names another. */
  sources: v.pipe(v.array(ToolSource), v.minLength(1)),
});
export type CatalogueEntry = v.InferOutput<typeof CatalogueEntry>;

export const Catalogue = v.record(
  v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*$/, "a tool's name")),
  CatalogueEntry,
);
export type Catalogue = v.InferOutput<typeof Catalogue>;
