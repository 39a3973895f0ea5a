/** Programs among the assets of a GitHub release, chosen as a person would. */
import * as v from "valibot";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import { Integrity, integrityOfSha256 } from "../integrity.ts";
import type { LockedTool } from "../locked_tool.ts";
import { PLATFORMS } from "../platform.ts";
import {
  assetText,
  assetUrl,
  type Release,
  releasesOf,
  searchRepositories,
} from "../registry/github_releases.ts";
import type { SourceRequest } from "./source_request.ts";
import { looseVersion, versionMap } from "../versions/loose_version.ts";
import { sortVersions } from "../versions/pick_version.ts";
import { ExecutableName, RelativePath } from "./build.ts";
import { chooseFrom, withLatest } from "./choose_version.ts";
import { assetFormat, checksumAssets, checksumOf, pickAsset } from "./release_assets.ts";
import { MOST_FOUND, type ResolveDeps, type Source } from "./source.ts";
import { noIntegrity, nothingPublished, unknownPackage, unknownVersion } from "./source_error.ts";

const REPOSITORY = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

export const GithubEntry = v.strictObject({
  source: v.literal("github"),
  repo: v.pipe(v.string(), v.regex(REPOSITORY, "OWNER/NAME")),
  /** What stands before the version in this tool's tags: `jq-`, `kustomize/v`. */
  tag_prefix: v.optional(v.string()),
  /**
   * Assets that belong to this tool, where a release holds several tools: a part of their names, or with `*`
   * and `{version}` the whole.
   */
  asset: v.optional(v.string()),
  /** The program's name, where an asset is the program itself. */
  executable: v.optional(ExecutableName),
  /** Leading path components to drop. */
  strip: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Executable → path below the install directory; the programs that are found when absent. */
  bin: v.optional(v.record(ExecutableName, RelativePath)),
});
export type GithubEntry = v.InferOutput<typeof GithubEntry>;

const LockedArtifact = v.pipe(
  v.strictObject({
    github: v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9._+/@-]*$/, "a repository and a tag"),
      v.check((text) => !text.includes(".."), "a repository and a tag"),
    ),
    asset: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9._+@~-]*$/, "an asset's name")),
    integrity: Integrity,
  }),
  v.transform(({ github: text, asset, integrity }): ArtifactOf<"github"> => {
    const at = text.indexOf("@");
    return { kind: "github", repo: text.slice(0, at), tag: text.slice(at + 1), asset, integrity };
  }),
);

export const github = {
  name: "github",
  entry: GithubEntry,
  locked: {
    key: "github",
    schema: LockedArtifact,
    example: '{ github = "owner/name@tag", asset = "…", integrity = "…" }',
    write: ({ repo, tag, asset, integrity }) => ({ github: `${repo}@${tag}`, asset, integrity }),
  },
  direct: (text) => REPOSITORY.test(text) ? { source: "github", repo: text } : undefined,
  directForm: '"github:owner/name"',
  subject: ({ repo }) => repo.toLowerCase(),
  versions: async (entry, request, deps) => sortVersions([...(await releases(entry, request, deps)).keys()]),
  async resolve(entry, request, deps) {
    const found = await releases(entry, request, deps);
    const stable = [...found].filter(([, release]) => !release.prerelease).map(([version]) => version);
    const version = chooseFrom(stable, request) ?? chooseFrom([...found.keys()], request);
    const release = version === undefined ? undefined : found.get(version);
    if (version === undefined || release === undefined) {
      throw unknownVersion(request, withLatest([...found.keys()]));
    }
    return { version, kind: "native", platforms: await assets(entry, { request, version, release }, deps) };
  },
  async search(text, deps) {
    const found = await searchRepositories(text, deps);
    return found.slice(0, MOST_FOUND).map(({ full_name: name, description }) => ({
      tool: `github:${name}`,
      description: description ?? "",
    }));
  },
  owns: (entry, { repo, tag }, { version }) =>
    repo.toLowerCase() === entry.repo.toLowerCase() &&
    versionMap([tag], (one) => versionOfTag(one, entry)).has(version),
  layout(entry, locked, platform) {
    const exe = platform.startsWith("win32-") ? ".exe" : "";
    const [artifact] = locked.platforms[platform] ?? [];
    const single = artifact?.kind === "github" && isSingle(artifact.asset);
    const name = programName(entry);
    const bin = Object.entries(single ? { [name]: `${name}{exe}` } : entry.bin ?? {});
    return {
      strip: entry.strip ?? 0,
      bin: Object.fromEntries(bin.map(([one, path]) => [one, path.replaceAll("{exe}", exe)])),
      into: [],
      ...(single ? { file: `${name}${exe}` } : {}),
    };
  },
  publishes: () => false,
  executables: (entry) => entry.bin === undefined ? [programName(entry)] : Object.keys(entry.bin),
  variables: () => ({}),
  format: ({ asset }) => assetFormat(asset) ?? "file",
  address: ({ repo, tag, asset }, { user }) =>
    Promise.resolve({ url: assetUrl(repo, { tag, name: asset }, user), headers: {} }),
  signature: () => Promise.resolve("not-checked"),
} satisfies Source<GithubEntry, ArtifactOf<"github">>;

function programName({ executable, repo }: GithubEntry): string {
  return executable ?? (repo.split("/")[1] ?? repo).toLowerCase();
}

function isOwnAsset(name: string, pattern: string, version: string): boolean {
  const text = pattern.replaceAll("{version}", version);
  if (!text.includes("*")) return name.includes(text);
  const parts = text.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

function isSingle(asset: string): boolean {
  const format = assetFormat(asset);
  return format === "file" || format === "gz";
}

/** Version → release. A repository's other tools, whose tags begin otherwise, are left out. */
async function releases(
  entry: GithubEntry,
  request: SourceRequest,
  deps: ResolveDeps,
): Promise<Map<string, Release>> {
  const all = await releasesOf(entry.repo, deps);
  if (all === undefined) {
    throw unknownPackage(
      request,
      entry.repo,
      "Check its spelling; a private repository needs a token in GITHUB_TOKEN",
    );
  }
  const byTag = new Map(all.map((release) => [release.tag_name, release]));
  const tags = versionMap(byTag.keys(), (tag) => versionOfTag(tag, entry));
  return new Map([...tags].flatMap(([version, tag]) => {
    const release = byTag.get(tag);
    return release === undefined ? [] : [[version, release] as const];
  }));
}

/** `v1.2.3`, `1.2.3`, `NAME-1.2.3`, `NAME-v1.2.3`, or the entry's own prefix. */
export function versionOfTag(tag: string, { repo, tag_prefix: prefix }: GithubEntry): string | undefined {
  if (prefix !== undefined) {
    return tag.startsWith(prefix) ? looseVersion(tag.slice(prefix.length)) : undefined;
  }
  const name = repo.split("/")[1] ?? "";
  const rest = tag.toLowerCase().startsWith(name.toLowerCase())
    ? tag.slice(name.length).replace(/^[-_/@]/, "")
    : tag;
  return looseVersion(rest.replace(/^v/i, ""));
}

async function assets(
  entry: GithubEntry,
  { request, version, release }: { request: SourceRequest; version: string; release: Release },
  deps: ResolveDeps,
): Promise<LockedTool["platforms"]> {
  const names = release.assets.map(({ name }) => name);
  const own = entry.asset === undefined
    ? names
    : names.filter((name) => isOwnAsset(name, entry.asset ?? "", version));
  const integrities = new Map<string, string>();
  const platforms: LockedTool["platforms"] = {};
  for (const platform of PLATFORMS) {
    const asset = pickAsset(own, platform);
    if (asset === undefined) continue;
    const integrity = integrities.get(asset) ?? await integrityOf(entry, { release, asset }, deps);
    if (integrity === undefined) throw noIntegrity(request, `${entry.repo} ${asset}`, undefined);
    integrities.set(asset, integrity);
    platforms[platform] = [{ kind: "github", repo: entry.repo, tag: release.tag_name, asset, integrity }];
  }
  if (Object.keys(platforms).length === 0) throw nothingPublished(request, version, "github");
  return platforms;
}

/** The digest that GitHub keeps, else the publisher's own checksums. */
async function integrityOf(
  { repo }: GithubEntry,
  { release, asset }: { release: Release; asset: string },
  deps: ResolveDeps,
): Promise<string | undefined> {
  const digest = /^sha256:([0-9a-f]{64})$/i.exec(
    release.assets.find(({ name }) => name === asset)?.digest ?? "",
  )?.[1];
  if (digest !== undefined) return integrityOfSha256(digest);
  for (const name of checksumAssets(release.assets.map((one) => one.name), asset)) {
    const text = await assetText(repo, { tag: release.tag_name, name }, deps);
    const hash = text === undefined ? undefined : checksumOf(text, asset);
    if (hash !== undefined) return integrityOfSha256(hash);
  }
  return undefined;
}
