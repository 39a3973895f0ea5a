/**
 * How the catalogue describes a tool at plain addresses: where its versions are listed, where its checksums
 * are, and templates of the files' addresses.
 */
import * as v from "valibot";
import { patternProblem } from "../../base/pattern.ts";
import { buildLayout } from "./build.ts";

const HttpsUrl = v.pipe(v.string(), v.regex(/^https:\/\/[^\s"\\?#@]+$/, "an https:// address"));
const JsonPath = v.pipe(v.string(), v.startsWith("$"));
const Key = v.pipe(v.string(), v.nonEmpty());
const Word = v.pipe(v.string(), v.regex(/^[\w.+~-]*$/, "a word of an address"));

const Match = v.pipe(
  v.string(),
  v.check(isPattern, "a regular expression"),
  v.includes("(?<version>", "a regular expression with the group (?<version>…)"),
);

export const VersionListing = v.strictObject({
  url: v.pipe(v.string(), v.regex(/^https:\/\/[^\s"\\#@]+$/, "an https:// address")),
  /**
   * A JSON path (RFC 9535) to the versions: texts, or objects with the key `version`. Without it the list is
   * a page, and the targets of its links are the texts.
   */
  path: v.optional(JsonPath),
  /** A regular expression that finds `(?<version>…)` in each text; other groups fill templates, too. */
  match: v.optional(Match),
  /** The key of an object that tells its line of long-term versions; false for the others. */
  lts: v.optional(Key),
  /** The key of an object that has the day on which it was published, as `2024-10-29` or longer. */
  date: v.optional(Key),
});
export type VersionListing = v.InferOutput<typeof VersionListing>;

export const Checksums = v.strictObject({
  /** A template; `{url}` and `{file}` are the artifact's, for publishers with a checksum file for each. */
  url: v.pipe(v.string(), v.regex(/^(?:https:\/\/|\{url\})[^\s"\\?#@]*$/, "an https:// address, or {url}")),
  /** A JSON path to the checksums: hashes, or objects with a file's name or address and its hash. */
  path: v.optional(JsonPath),
  /** The object's key for the name or address. Default `file`. */
  file: v.optional(Key),
  /** The object's key for the hash. Default `sha256`. */
  sha256: v.optional(Key),
});
export type Checksums = v.InferOutput<typeof Checksums>;

/** A publisher's words for haft's own; a word that is absent is written as haft writes it. */
const systems = { linux: v.optional(Word), darwin: v.optional(Word), win32: v.optional(Word) };

const HttpBuild = v.strictObject({
  kind: v.literal("native"),
  ...buildLayout,
  /** All platforms when absent; those without a checksum are left out. */
  platforms: v.optional(buildLayout.platforms),
  /**
   * `{version}`, `{os}`, `{arch}`, `{libc}`, `{ext}`, `{exe}`, `{platform}` (the word from `platforms`), and
   * the groups of the listing's `match`.
   */
  url: HttpsUrl,
  os: v.optional(v.strictObject(systems)),
  arch: v.optional(v.strictObject({ x64: v.optional(Word), arm64: v.optional(Word) })),
  libc: v.optional(v.strictObject({ glibc: v.optional(Word), musl: v.optional(Word) })),
  /** The file name's ending by system; `tar.gz`, and `zip` on Windows, when absent. */
  ext: v.optional(v.strictObject(systems)),
});
export type HttpBuild = v.InferOutput<typeof HttpBuild>;

export const HttpEntry = v.strictObject({
  source: v.literal("http"),
  versions: VersionListing,
  checksums: Checksums,
  builds: v.pipe(v.array(HttpBuild), v.minLength(1)),
});
export type HttpEntry = v.InferOutput<typeof HttpEntry>;

function isPattern(text: string): boolean {
  return patternProblem(text) === undefined;
}
