/** Archives at plain addresses, with a list of versions and a file of checksums. */
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { ArchiveFormat, type ArtifactOf } from "../../protocol/artifact.ts";
import { Integrity, integrityOfSha256 } from "../integrity.ts";
import type { LockedTool } from "../locked_tool.ts";
import type { Platform } from "../platform.ts";
import type { ToolRequest } from "../request.ts";
import { pickVersion, sortVersions } from "../versions/pick_version.ts";
import { parseVersionRequest } from "../versions/version_request.ts";
import {
  buildFor,
  buildLayout,
  componentsOf,
  declaredComponents,
  declaredExecutables,
  executablesFor,
  publishedPlatforms,
} from "./build.ts";
import { assetFormat } from "./release_assets.ts";
import type { ResolveDeps, Source } from "./source.ts";
import { nothingPublished, orNotFound, unknownVersion } from "./source_error.ts";

const HttpsUrl = v.pipe(v.string(), v.startsWith("https://"));

/** An archive at a plain address. */
const HttpBuild = v.strictObject({
  kind: v.literal("native"),
  ...buildLayout,
  url: HttpsUrl,
  format: ArchiveFormat,
  /** Replaces `format` on Windows. */
  windows_format: v.optional(ArchiveFormat),
});

export const HttpEntry = v.strictObject({
  source: v.literal("http"),
  /** A list of versions in the format of Node's `index.json`. */
  index: HttpsUrl,
  /** A file of `sha256sum` lines for every archive of the version. */
  checksums: HttpsUrl,
  builds: v.pipe(v.array(HttpBuild), v.minLength(1)),
});
export type HttpEntry = v.InferOutput<typeof HttpEntry>;

const LockedArtifact = v.pipe(
  v.strictObject({
    url: v.pipe(
      v.string(),
      v.regex(
        /^https?:\/\/[^\s"\\]+\.(?:tar\.(?:gz|xz|zst|bz2)|tgz|zip)$/,
        "the address of a .zip or compressed .tar archive",
      ),
    ),
    integrity: Integrity,
  }),
  v.transform(({ url, integrity }): ArtifactOf<"http"> => ({ kind: "http", url, integrity })),
);

export const http = {
  name: "http",
  entry: HttpEntry,
  locked: {
    key: "url",
    schema: LockedArtifact,
    example: '{ url = "…", integrity = "…" }',
    write: ({ url, integrity }) => ({ url, integrity }),
  },
  direct: () => undefined,
  directForm: undefined,
  subject: ({ index }) => index,
  versions: async (entry, _request, deps) => (await fetchIndex(entry, deps)).versions,
  async resolve(entry, request, deps) {
    const version = await chooseVersion(entry, request, deps);
    return { version, kind: "native", platforms: await archives(entry, { request, version }, deps) };
  },
  owns(entry, { url }, { version, platform }) {
    const build = buildFor(entry.builds, version);
    const word = platform === "any" ? undefined : build.platforms[platform];
    return platform !== "any" && word !== undefined && url === archiveUrl(build, { version, platform, word });
  },
  layout(entry, locked, platform) {
    const build = buildFor(entry.builds, locked.version);
    return { strip: build.strip, bin: executablesFor(build, platform), into: [], ...componentsOf(build) };
  },
  publishes: (entry, version, platform) => buildFor(entry.builds, version).platforms[platform] !== undefined,
  executables: ({ builds }) => declaredExecutables(builds),
  components: ({ builds }) => declaredComponents(builds),
  variables: (entry, version) => buildFor(entry.builds, version).env ?? {},
  format: ({ url }) => assetFormat(url.slice(url.lastIndexOf("/") + 1)) ?? "tar.gz",
  address: ({ url }) => Promise.resolve({ url, headers: {} }),
  signature: () => Promise.resolve("not-checked"),
} satisfies Source<HttpEntry, ArtifactOf<"http">>;

/** Both files are well below this: Node's index had 330 kB after 17 years. */
const MAX_METADATA_BYTES = 16 * 1024 * 1024;

/** The format of Node's `index.json`, other fields left aside. `lts` is false or the line's code name. */
const Index = v.array(
  v.object({ version: v.string(), lts: v.optional(v.union([v.literal(false), v.string()]), false) }),
);

/** Versions and tags of an index; the tags are those that `.nvmrc` files use. */
export interface VersionIndex {
  versions: string[];
  distTags: Record<string, string>;
}

/**
 * Reads an index. Tags: `latest` (also `node`, `current`, `stable`), `lts` and `lts/*` for the newest
 * long-term version, `lts/<name>` for the newest of one line.
 * @throws {HaftError} when the text is not an index
 */
export function parseVersionIndex(text: string, url: string): VersionIndex {
  const entries = parseIndexEntries(text, url);
  const versions = sortVersions(entries.map(({ version }) => version));
  const lts = new Map(
    entries.flatMap(({ version, lts }) => lts === false ? [] : [[version.replace(/^v/, ""), lts]]),
  );
  const distTags: Record<string, string> = {};
  // Oldest first, so that the newest of each tag stays.
  for (const version of versions) {
    if (!version.includes("-")) {
      for (const tag of ["latest", "current", "stable", "node"]) distTags[tag] = version;
    }
    const line = lts.get(version);
    if (line === undefined) continue;
    for (const tag of ["lts", "lts/*", `lts/${line.toLowerCase()}`]) distTags[tag] = version;
  }
  return { versions, distTags };
}

/** File name → integrity, from lines of `sha256sum`. Other lines are not checksums and are skipped. */
export function parseChecksums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]{64})[ *]+(\S+)\s*$/i.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) sums.set(match[2], integrityOfSha256(match[1]));
  }
  return sums;
}

/** The exact version of a request; an exact one is looked up with its checksums, not here. */
async function chooseVersion(entry: HttpEntry, request: ToolRequest, deps: ResolveDeps): Promise<string> {
  const asked = parseVersionRequest(request.version);
  if (asked.kind === "exact") return asked.version;
  const index = await fetchIndex(entry, deps);
  const version = asked.kind === "tag"
    ? index.distTags[asked.tag.toLowerCase()]
    : pickVersion(index.versions, asked.range);
  if (version === undefined) throw unknownVersion(request, index);
  return version;
}

/** Every platform's archive that the version's checksum file lists. */
async function archives(
  entry: HttpEntry,
  { request, version }: { request: ToolRequest; version: string },
  deps: ResolveDeps,
): Promise<LockedTool["platforms"]> {
  const text = await fetchText(entry.checksums.replaceAll("{version}", version), deps);
  if (text === undefined) {
    const index = await fetchIndex(entry, deps);
    throw index.versions.includes(version)
      ? nothingPublished(request, version, "http")
      : unknownVersion(request, index);
  }
  const build = buildFor(entry.builds, version);
  const sums = parseChecksums(text);
  const platforms: LockedTool["platforms"] = {};
  for (const [platform, word] of publishedPlatforms(build)) {
    const url = archiveUrl(build, { version, platform, word });
    const integrity = sums.get(url.slice(url.lastIndexOf("/") + 1));
    if (integrity !== undefined) platforms[platform] = [{ kind: "http", url, integrity }];
  }
  if (Object.keys(platforms).length === 0) throw nothingPublished(request, version, "http");
  return platforms;
}

function archiveUrl(
  build: HttpEntry["builds"][number],
  { version, platform, word }: { version: string; platform: Platform; word: string },
): string {
  const format = platform.startsWith("win32-") ? build.windows_format ?? build.format : build.format;
  return build.url.replaceAll("{version}", version).replaceAll("{platform}", word)
    .replaceAll("{format}", format);
}

function parseIndexEntries(text: string, url: string): v.InferOutput<typeof Index> {
  try {
    return v.parse(Index, JSON.parse(text));
  } catch (error) {
    throw new HaftError(`Cannot read the list of versions at ${url}: it is not in the expected format`, {
      next: "Check the address, and [mirrors] in haft.toml",
      cause: error,
    });
  }
}

async function fetchIndex(source: HttpEntry, deps: ResolveDeps): Promise<VersionIndex> {
  const text = await fetchText(source.index, deps);
  if (text !== undefined) return parseVersionIndex(text, source.index);
  throw new HaftError(`There is no list of versions at ${source.index}`, {
    next: "Check [mirrors] in haft.toml",
  });
}

/** The body at the address, or undefined when the server has none. */
async function fetchText(url: string, deps: ResolveDeps): Promise<string | undefined> {
  const options = deps.signal === undefined
    ? { maxBytes: MAX_METADATA_BYTES }
    : { maxBytes: MAX_METADATA_BYTES, signal: deps.signal };
  const response = await orNotFound(deps.http.get(url, options));
  if (response === undefined) return undefined;
  if (response.status >= 200 && response.status < 300) return await response.text();
  await response.cancel();
  if (response.status === 404 || response.status === 410) return undefined;
  throw new HaftError(`Cannot read ${url}: the server answered ${response.status}`, {
    next: "Try again later, or name a mirror under [mirrors] in haft.toml",
  });
}
