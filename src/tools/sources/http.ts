/** Archives and programs at plain addresses, with a list of versions and checksums. */
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import { mapLimited } from "../../base/work_pool.ts";
import { Integrity } from "../integrity.ts";
import type { LockedTool } from "../locked_tool.ts";
import { type Platform, PLATFORMS } from "../platform.ts";
import { pickVersion } from "../versions/pick_version.ts";
import { parseVersionRequest, type VersionRequest } from "../versions/version_request.ts";
import { buildFor, componentsOf, declaredComponents, declaredExecutables, executablesFor } from "./build.ts";
import { checksumReader, fetchListed, type Listed } from "./http_documents.ts";
import { HttpEntry } from "./http_entry.ts";
import { assetFormat } from "./release_assets.ts";
import { REQUESTS_AT_ONCE, type ResolveDeps, type Source } from "./source.ts";
import { nothingPublished, unknownVersion } from "./source_error.ts";
import {
  artifactUrl,
  type Facts,
  factsOf,
  fileName,
  needsVersionAlone,
  templateFolder,
  versionOf,
} from "./url_template.ts";

const LockedArtifact = v.pipe(
  v.strictObject({
    url: v.pipe(
      v.string(),
      v.regex(/^https?:\/\/[^\s"\\?#@]+$/, "an address without user, query and fragment"),
      v.check((url) => formatOf(url) !== undefined, "the address of an archive or a program"),
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
  subject: ({ builds: [build], versions }) => build === undefined ? versions.url : templateFolder(build.url),
  versions: async (entry, _request, deps) => (await fetchListed(entry.versions, deps)).versions,
  dates: async (entry, _request, deps) => (await fetchListed(entry.versions, deps)).dates,
  async resolve(entry, request, deps) {
    const asked = parseVersionRequest(request.version);
    if (asked.kind === "exact" && needsVersionAlone(buildFor(entry.builds, asked.version))) {
      const { version } = asked;
      const platforms = await artifacts(entry, { version, facts: { version } }, deps);
      if (Object.keys(platforms).length > 0) return { version, kind: "native", platforms };
    }
    const listed = await fetchListed(entry.versions, deps);
    const version = choose(asked, listed);
    const facts = version === undefined ? undefined : listed.facts.get(version);
    if (version === undefined || facts === undefined) throw unknownVersion(request, listed);
    const platforms = await artifacts(entry, { version, facts }, deps);
    if (Object.keys(platforms).length === 0) throw nothingPublished(request, version, "http");
    return { version, kind: "native", platforms };
  },
  owns(entry, { url }, { version, platform }) {
    if (platform === "any") return false;
    const facts = factsOf(buildFor(entry.builds, version), url, platform);
    return facts !== undefined && versionOf(facts.version) === version;
  },
  layout(entry, locked, platform) {
    const build = buildFor(entry.builds, locked.version);
    const bin = executablesFor(build, platform);
    const [artifact] = locked.platforms[platform] ?? [];
    const [program] = Object.values(bin);
    const single = artifact?.kind === "http" && ["file", "gz"].includes(formatOf(artifact.url) ?? "");
    return {
      strip: build.strip,
      bin,
      into: [],
      ...componentsOf(build),
      ...(single && program !== undefined ? { file: program } : {}),
    };
  },
  publishes: (entry, version, platform) =>
    buildFor(entry.builds, version).platforms?.[platform] !== undefined,
  executables: ({ builds }) => declaredExecutables(builds),
  components: ({ builds }) => declaredComponents(builds),
  variables: (entry, version) => buildFor(entry.builds, version).env ?? {},
  format: ({ url }) => formatOf(url) ?? "file",
  address: ({ url }) => Promise.resolve({ url, headers: {} }),
  signature: () => Promise.resolve("not-checked"),
} satisfies Source<HttpEntry, ArtifactOf<"http">>;

function formatOf(url: string) {
  return assetFormat(fileName(url));
}

function choose(asked: VersionRequest, { versions, distTags }: Listed): string | undefined {
  switch (asked.kind) {
    case "exact":
      return versions.find((version) => version === asked.version);
    case "range":
      return pickVersion(versions, asked.range);
    case "tag":
      return distTags[asked.tag.toLowerCase()];
  }
}

/** Every platform's artifact that the publisher has a checksum of. */
async function artifacts(
  entry: HttpEntry,
  { version, facts }: { version: string; facts: Facts },
  deps: ResolveDeps,
): Promise<LockedTool["platforms"]> {
  const build = buildFor(entry.builds, version);
  const urls = PLATFORMS.flatMap((platform): [Platform, string][] => {
    const url = artifactUrl(build, facts, platform);
    return url === undefined ? [] : [[platform, url]];
  });
  const integrityOf = checksumReader(entry.checksums, facts, deps);
  const integrities = new Map<string, string>();
  await mapLimited([...new Set(urls.map(([, url]) => url))], REQUESTS_AT_ONCE, async (url) => {
    if (formatOf(url) === undefined) {
      throw new HaftError(`Cannot unpack ${url}: haft does not know this kind of file`, {
        next: "Correct the entry's url or ext",
      });
    }
    const integrity = await integrityOf(url);
    if (integrity !== undefined) integrities.set(url, integrity);
  });
  const platforms: LockedTool["platforms"] = {};
  for (const [platform, url] of urls) {
    const integrity = integrities.get(url);
    if (integrity !== undefined) platforms[platform] = [{ kind: "http", url, integrity }];
  }
  return platforms;
}
