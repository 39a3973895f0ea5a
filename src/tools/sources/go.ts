/**
 * Programs that `go install` builds from modules, and Go itself, which the module proxy serves as a module.
 */
import * as v from "valibot";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import { mapLimited } from "../../base/work_pool.ts";
import { ModuleHash } from "../integrity.ts";
import type { LockedTool } from "../locked_tool.ts";
import type { Platform } from "../platform.ts";
import { moduleHash, moduleOf, moduleVersions, moduleZip, queriedVersion } from "../registry/go_proxy.ts";
import type { SourceRequest } from "./source_request.ts";
import { looseVersion, versionMap } from "../versions/loose_version.ts";
import { parseVersionRequest } from "../versions/version_request.ts";
import { sortVersions } from "../versions/pick_version.ts";
import { ExecutableName } from "./build.ts";
import { chooseFrom, withLatest } from "./choose_version.ts";
import { REQUESTS_AT_ONCE, type Resolved, type ResolveDeps, type Source } from "./source.ts";
import { noIntegrity, nothingPublished, unknownPackage, unknownVersion } from "./source_error.ts";

const PACKAGE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/;

export const GoEntry = v.strictObject({
  source: v.literal("go"),
  /** The package that is the program; `toolchain` is Go itself. */
  package: v.union([v.literal("toolchain"), v.pipe(v.string(), v.regex(PACKAGE, "a Go package's path"))]),
  /** The program's name; the path's last element by default. */
  executable: v.optional(ExecutableName),
});
export type GoEntry = v.InferOutput<typeof GoEntry>;

const TOOLCHAIN = "golang.org/toolchain";

/** haft's platforms in Go's words. Go itself is linked statically, so that it runs with every C library. */
const GO_PLATFORMS: Readonly<Record<Platform, string>> = {
  "linux-x64-glibc": "linux-amd64",
  "linux-x64-musl": "linux-amd64",
  "linux-arm64-glibc": "linux-arm64",
  "linux-arm64-musl": "linux-arm64",
  "darwin-x64": "darwin-amd64",
  "darwin-arm64": "darwin-arm64",
  "win32-x64": "windows-amd64",
  "win32-arm64": "windows-arm64",
};

const LockedArtifact = v.pipe(
  v.strictObject({
    go: v.pipe(
      v.string(),
      v.regex(/^[a-z0-9][A-Za-z0-9._~/-]*@v[0-9][A-Za-z0-9.+_-]*$/, "a module and its version"),
      v.check((text) => !text.includes(".."), "a module and its version"),
    ),
    package: v.optional(v.pipe(v.string(), v.regex(PACKAGE, "a Go package's path"))),
    integrity: ModuleHash,
  }),
  v.transform(({ go: text, package: path, integrity }): ArtifactOf<"go"> => {
    const at = text.lastIndexOf("@");
    return {
      kind: "go",
      module: text.slice(0, at),
      version: text.slice(at + 1),
      ...(path === undefined ? {} : { package: path }),
      integrity,
    };
  }),
);

export const go = {
  name: "go",
  entry: GoEntry,
  locked: {
    key: "go",
    schema: LockedArtifact,
    example: '{ go = "module@version", package = "…", integrity = "h1:…" }',
    write: ({ module, version, package: path, integrity }) => ({
      go: `${module}@${version}`,
      ...(path === undefined ? {} : { package: path }),
      integrity,
    }),
  },
  direct: (text) => PACKAGE.test(text) && text.includes("/") ? { source: "go", package: text } : undefined,
  directForm: '"go:PACKAGE", such as "go:github.com/owner/name/cmd/tool"',
  subject: ({ package: path }) => path,
  async versions(entry, request, deps) {
    return sortVersions([...(await releases(entry, request, deps)).versions.keys()]);
  },
  async resolve(entry, request, deps) {
    const found = await releases(entry, request, deps);
    const chosen = chooseFrom([...found.versions.keys()], plainRequest(entry, request));
    const [version, text] = chosen === undefined
      ? await unlisted(entry, { request, found }, deps)
      : [chosen, found.versions.get(chosen) ?? chosen];
    if (entry.package === "toolchain") return await toolchain(request, { version, text }, deps);
    const integrity = await moduleHash(found.module, text, deps);
    if (integrity === undefined) throw noIntegrity(request, `${found.module}@${text}`, undefined);
    const artifact = {
      kind: "go" as const,
      module: found.module,
      version: text,
      package: entry.package,
      integrity,
    };
    return { version, kind: "built", platforms: { any: [artifact] } };
  },
  async search(text, deps) {
    // A proxy answers for modules' paths alone.
    const path = text.trim();
    if (!PACKAGE.test(path) || !path.includes("/")) return [];
    const found = await moduleOf(path, deps);
    return found === undefined ? [] : [{ tool: `go:${path}`, description: `of the module ${found.module}` }];
  },
  owns({ package: path }, { module, version: text, package: built }, { version }) {
    const isTool = path === "toolchain"
      ? module === TOOLCHAIN && built === undefined
      : built === path && (path === module || path.startsWith(`${module}/`));
    const versions = path === "toolchain" ? toolchainVersions([text]) : programVersions([text]);
    return isTool && versions.has(version);
  },
  layout({ package: path }, _locked, platform) {
    if (path !== "toolchain") return undefined;
    const exe = platform.startsWith("win32-") ? ".exe" : "";
    // The zip's entries are below golang.org/toolchain@VERSION.
    return { strip: 2, bin: { go: `bin/go${exe}`, gofmt: `bin/gofmt${exe}` }, into: [] };
  },
  publishes: () => false,
  executables: ({ package: path, executable }) =>
    path === "toolchain" ? ["go", "gofmt"] : [executable ?? programName(path)],
  // What haft installed is the version that the project asked for; go would fetch another by itself.
  variables: ({ package: path }) => path === "toolchain" ? { GOTOOLCHAIN: "local" } : {},
  format: () => "zip",
  address: async ({ module, version }, deps) => ({
    url: await moduleZip(module, version, deps),
    headers: {},
  }),
  signature: () => Promise.resolve("not-checked"),
} satisfies Source<GoEntry, ArtifactOf<"go">>;

/** The name that go gives a program: the last element of its path that is not a major version. */
export function programName(path: string): string {
  return path.replace(/\/v\d+$/, "").split("/").at(-1) ?? path;
}

/** Versions, each with the proxy's own text for it. */
async function releases(
  { package: path }: GoEntry,
  request: SourceRequest,
  deps: ResolveDeps,
): Promise<{ module: string; versions: Map<string, string> }> {
  if (path === "toolchain") {
    const listed = await moduleVersions(TOOLCHAIN, deps);
    if (listed === undefined) throw unknownModule(request, TOOLCHAIN);
    return { module: TOOLCHAIN, versions: toolchainVersions(listed) };
  }
  const found = await moduleOf(path, deps);
  if (found === undefined) throw unknownModule(request, path);
  return { module: found.module, versions: programVersions(found.versions) };
}

/** Go itself may be asked for as go.mod's `toolchain` line writes it: `go1.22`. */
function plainRequest({ package: path }: GoEntry, request: SourceRequest): SourceRequest {
  if (path !== "toolchain") return request;
  return { ...request, version: request.version.trim().replace(/^go(?=\d)/, "") };
}

/**
 * A version that the proxy has and does not list, as `go install` takes it: retracted ones, commits and
 * branches.
 *
 * @throws {HaftError} when there is none
 */
async function unlisted(
  { package: path }: GoEntry,
  { request, found }: { request: SourceRequest; found: { module: string; versions: Map<string, string> } },
  deps: ResolveDeps,
): Promise<readonly [version: string, text: string]> {
  const asked = parseVersionRequest(request.version);
  if (path !== "toolchain" && asked.kind !== "range") {
    const query = asked.kind === "exact" ? `v${asked.version}` : asked.tag;
    const text = await queriedVersion(found.module, query, deps);
    const [known] = programVersions(text === undefined ? [] : [text]);
    if (known !== undefined) return known;
  }
  throw unknownVersion(request, withLatest([...found.versions.keys()]));
}

/** Go's version → as releases of Go are called, from the names of the toolchain for all systems. */
function toolchainVersions(texts: readonly string[]): Map<string, string> {
  const releases = texts.flatMap((text) => /-(go\d[^-]*?)\.[a-z0-9]+-[a-z0-9]+$/.exec(text)?.[1] ?? []);
  return versionMap(new Set(releases), (text) => looseVersion(text.replace(/^go/, "")));
}

function programVersions(texts: readonly string[]): Map<string, string> {
  return versionMap(
    texts,
    (text) => looseVersion(text.replace(/^v/, "").replace("+incompatible", "")) ?? pseudoVersion(text),
  );
}

/** `v0.0.0-20250101000000-0123456789ab`: a commit of a module that has no releases. */
function pseudoVersion(text: string): string | undefined {
  return /^v(\d+\.\d+\.\d+-(?:[0-9A-Za-z.]+\.)?\d{14}-[0-9a-f]{12})$/.exec(text)?.[1];
}

async function toolchain(
  request: SourceRequest,
  { version, text }: { version: string; text: string },
  deps: ResolveDeps,
): Promise<Resolved> {
  const words = [...new Set(Object.values(GO_PLATFORMS))];
  const hashes = new Map(
    await mapLimited(words, REQUESTS_AT_ONCE, async (word) => {
      const module = `v0.0.1-${text}.${word}`;
      return [word, { module, integrity: await moduleHash(TOOLCHAIN, module, deps) }] as const;
    }),
  );
  const platforms: LockedTool["platforms"] = {};
  for (const [platform, word] of Object.entries(GO_PLATFORMS) as [Platform, string][]) {
    const found = hashes.get(word);
    if (found?.integrity === undefined) continue;
    platforms[platform] = [{
      kind: "go",
      module: TOOLCHAIN,
      version: found.module,
      integrity: found.integrity,
    }];
  }
  if (Object.keys(platforms).length === 0) throw nothingPublished(request, version, "go");
  return { version, kind: "native", platforms };
}

function unknownModule(request: SourceRequest, path: string): Error {
  return unknownPackage(request, path, "Check its path, and the proxy in GOPROXY");
}
