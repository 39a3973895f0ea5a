/** The npm registry, or the ones that npm's configuration names. */
import { format, tryParse } from "@std/semver";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { mapLimited } from "../../base/work_pool.ts";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import { Integrity, IntegrityError, strongestIntegrity } from "../integrity.ts";
import type { LockedTool } from "../locked_tool.ts";
import type { SourceRequest } from "./source_request.ts";
import { pickVersion, sortVersions } from "../versions/pick_version.ts";
import { parseVersionRequest } from "../versions/version_request.ts";
import {
  buildFor,
  buildLayout,
  ComponentName,
  componentsOf,
  declaredComponents,
  declaredExecutables,
  ExecutableName,
  executablesFor,
  publishedPlatforms,
  RelativePath,
} from "./build.ts";
import { chooseFrom, withLatest } from "./choose_version.ts";
import { nativePackages, platformCandidates } from "./npm_platform_packages.ts";
import {
  type ArtifactDeps,
  MOST_FOUND,
  requestOptions,
  REQUESTS_AT_ONCE,
  type Resolved,
  type ResolveDeps,
  type Source,
  type VersionManifest,
} from "./source.ts";
import { noIntegrity, nothingPublished, orNotFound, unknownPackage, unknownVersion } from "./source_error.ts";

const PackageName = v.pipe(v.string(), v.regex(/^(?:@[a-z0-9-]+\/)?[a-z0-9.{}-]+$/, "a package name"));

/** Executables in a package of the registry, one package a platform. */
const NativeBuild = v.strictObject({
  kind: v.literal("native"),
  ...buildLayout,
  package: PackageName,
  /** Packages of the same version that belong to every platform, e.g. zig's library. */
  companions: v.optional(v.array(v.strictObject({
    package: PackageName,
    into: RelativePath,
    /** The component that it is, for `options.components`. */
    component: v.optional(ComponentName),
  }))),
});
export type NpmNativeBuild = v.InferOutput<typeof NativeBuild>;

/**
 * The package that lists the versions, installed with its dependencies; its own `bin` names the executables.
 */
const JsBuild = v.strictObject({
  kind: v.literal("js"),
  when: v.optional(v.string()),
  /** The names that get a shim whatever the system has under them; the package may declare more. */
  executables: v.pipe(v.array(ExecutableName), v.minLength(1)),
});

export const NpmEntry = v.strictObject({
  source: v.literal("npm"),
  /** The package whose versions and tags are the tool's. */
  versions: v.string(),
  /** The tool's version → that of the packages, where they have numbers of their own. */
  carried: v.optional(v.record(v.string(), v.string())),
  /** How it is published; without it, the package's metadata tells. */
  builds: v.optional(v.pipe(v.array(v.variant("kind", [NativeBuild, JsBuild])), v.minLength(1))),
});
export type NpmEntry = v.InferOutput<typeof NpmEntry>;

const PACKAGE = "(?:@[A-Za-z0-9~_-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*";
const MAX_NAME = 214;

const LockedArtifact = v.pipe(
  v.strictObject({
    npm: v.pipe(
      v.string(),
      v.regex(
        new RegExp(`^${PACKAGE}@[0-9]+\\.[0-9]+\\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?$`),
        'a package and its version such as "esbuild@1.2.3"',
      ),
    ),
    integrity: Integrity,
  }),
  v.transform(({ npm, integrity }): ArtifactOf<"npm"> => {
    const at = npm.lastIndexOf("@");
    return { kind: "npm", package: npm.slice(0, at), version: npm.slice(at + 1), integrity };
  }),
);

export const npm = {
  name: "npm",
  entry: NpmEntry,
  locked: {
    key: "npm",
    schema: LockedArtifact,
    example: '{ npm = "package@version", integrity = "…" }',
    write: ({ package: name, version, integrity }) => ({ npm: `${name}@${version}`, integrity }),
  },
  direct: (text) =>
    new RegExp(`^${PACKAGE}$`).test(text) && text.length <= MAX_NAME
      ? { source: "npm", versions: text }
      : undefined,
  directForm: '"npm:name" or "npm:@scope/name"',
  subject: ({ versions }) => versions,
  async versions({ versions: name, carried }, request, deps) {
    if (carried !== undefined) return sortVersions(Object.keys(carried));
    const packument = await orNotFound(deps.registry.packument(name, requestOptions(deps)));
    if (packument === undefined) throw unknownPackage(request, name);
    return sortVersions(packument.versions);
  },
  async resolve(entry, request, deps) {
    const { version, manifest } = entry.carried === undefined
      ? await chooseVersion(request, entry.versions, deps)
      : { version: carriedVersion(request, entry.carried), manifest: undefined };
    if (entry.builds === undefined) return await resolvePackage(entry, { request, version, manifest }, deps);
    const build = buildFor(entry.builds, version);
    return build.kind === "js" ? await jsPackage(entry, { request, version, manifest }, deps) : {
      version,
      kind: "native",
      platforms: await nativePlatforms(
        entry,
        { request, build, version: packageVersion(entry, version) },
        deps,
      ),
    };
  },
  async search(text, { registry, signal }) {
    const found = await registry.search(text, signal === undefined ? {} : { signal });
    return found.slice(0, MOST_FOUND).map(({ name, description }) => ({ tool: `npm:${name}`, description }));
  },
  owns(entry, { package: name, version: published }, { version, platform }) {
    if (platform === "any") return name === entry.versions && published === version;
    // The packages of a native tool that the catalogue does not know are named by the package's own metadata,
    // which is asked before one is installed.
    if (entry.builds === undefined) return true;
    const build = nativeBuild(entry, version);
    const word = build?.platforms[platform];
    if (build === undefined || word === undefined || published !== packageVersion(entry, version)) {
      return false;
    }
    return name === build.package.replaceAll("{platform}", word) ||
      (build.companions ?? []).some((companion) => companion.package === name);
  },
  async confirms({ versions, builds }, artifact, version, { registry, signal }) {
    if (builds !== undefined || artifact.package === versions && artifact.version === version) return true;
    return platformCandidates(await registry.manifest(versions, version, { signal })).some(([name, pin]) =>
      name === artifact.package && pin === artifact.version
    );
  },
  layout(entry, locked, platform) {
    const bin = locked.bin?.[platform];
    // A platform's package has one folder at its root, as every tarball of npm's.
    if (bin !== undefined) return { strip: 1, bin, into: [] };
    const build = nativeBuild(entry, locked.version);
    if (build === undefined) return undefined;
    const companions = build.companions ?? [];
    return {
      strip: build.strip,
      bin: executablesFor(build, platform),
      into: ["", ...companions.map(({ into }) => into)],
      ...componentsOf(build, companions.map(({ component }) => component)),
    };
  },
  publishes: (entry, version, platform) => nativeBuild(entry, version)?.platforms[platform] !== undefined,
  executables: ({ builds = [] }) => declaredExecutables(builds),
  components: ({ builds = [] }) => declaredComponents(builds.filter((build) => build.kind === "native")),
  variables: (entry, version) => nativeBuild(entry, version)?.env ?? {},
  format: () => "tar.gz",
  address: async (artifact, { registry, signal }) =>
    await registry.tarball(artifact.package, artifact.version, { signal }),
  signature: checkSignature,
} satisfies Source<NpmEntry, ArtifactOf<"npm">>;

interface Chosen {
  request: SourceRequest;
  version: string;
  manifest?: VersionManifest | undefined;
}

function nativeBuild({ builds }: NpmEntry, version: string): NpmNativeBuild | undefined {
  const build = builds === undefined ? undefined : buildFor(builds, version);
  return build?.kind === "native" ? build : undefined;
}

/**
 * The exact version of a request, by the smallest question: none for an exact version (asking for its
 * packages tells whether it exists), one manifest for a tag, the list of all versions for a range.
 */
function packageVersion({ carried }: NpmEntry, version: string): string {
  return carried !== undefined && Object.hasOwn(carried, version) ? carried[version] ?? version : version;
}

/** A request may also name the version of the package, as those of before had to. */
function carriedVersion(request: SourceRequest, carried: Readonly<Record<string, string>>): string {
  const asked = parseVersionRequest(request.version);
  const versions = Object.keys(carried);
  const byPackage = asked.kind === "exact"
    ? versions.find((one) => carried[one] === asked.version)
    : undefined;
  const version = byPackage ?? chooseFrom(versions, request);
  if (version === undefined) throw unknownVersion(request, withLatest(versions));
  return version;
}

async function chooseVersion(
  request: SourceRequest,
  packageName: string,
  deps: ResolveDeps,
): Promise<{ version: string; manifest?: VersionManifest }> {
  const asked = parseVersionRequest(request.version);
  if (asked.kind === "exact") return { version: asked.version };
  if (asked.kind === "tag") {
    const manifest = await orNotFound(deps.registry.manifest(packageName, asked.tag, requestOptions(deps)));
    if (manifest === undefined) throw await missingVersion(request, { package: packageName }, deps);
    return { version: checkedVersion(request, manifest.version), manifest };
  }
  const packument = await orNotFound(deps.registry.packument(packageName, requestOptions(deps)));
  if (packument === undefined) throw unknownPackage(request, packageName);
  const version = pickVersion(packument.versions, asked.range);
  if (version === undefined) throw unknownVersion(request, packument);
  return { version };
}

/** A tag's version becomes a directory's name and part of addresses, so it must be what it claims to be. */
function checkedVersion(request: SourceRequest, version: string): string {
  const parsed = tryParse(version);
  if (parsed !== undefined) return format(parsed);
  throw new HaftError(
    `Tag "${request.version}" of tool "${request.name}" is ${
      JSON.stringify(version)
    }, which is not a version`,
    { next: "Ask for a version by its number" },
  );
}

/** A package that no catalogue entry describes: native when its metadata leaves no doubt, else JavaScript. */
async function resolvePackage(
  entry: NpmEntry,
  { request, version, manifest }: Chosen,
  deps: ResolveDeps,
): Promise<Resolved> {
  const name = entry.versions;
  const wrapper = manifest ?? await orNotFound(deps.registry.manifest(name, version, requestOptions(deps)));
  if (wrapper === undefined) throw await missingVersion(request, { package: name }, deps);
  const native = await nativePackages(wrapper, deps);
  if (native === undefined) return await jsPackage(entry, { request, version, manifest: wrapper }, deps);
  const platforms: LockedTool["platforms"] = {};
  const bin: NonNullable<LockedTool["bin"]> = {};
  for (const { platform, manifest: one, executables } of native) {
    platforms[platform] = [artifactOf(request, one)];
    bin[platform] = executables;
  }
  return { version, kind: "native", platforms, bin };
}

/** Every platform's artifacts of a native build. A platform whose package lacks the version is left out. */
async function nativePlatforms(
  entry: NpmEntry,
  { request, build, version }: { request: SourceRequest; build: NpmNativeBuild; version: string },
  deps: ResolveDeps,
): Promise<LockedTool["platforms"]> {
  const packageOf = new Map(
    publishedPlatforms(build).map(([platform, word]) => [
      platform,
      build.package.replaceAll("{platform}", word),
    ]),
  );
  const companions = (build.companions ?? []).map((companion) => companion.package);
  const names = [...new Set([...packageOf.values(), ...companions])];
  const artifacts = new Map(
    await mapLimited(names, REQUESTS_AT_ONCE, async (name) => {
      const manifest = await orNotFound(deps.registry.manifest(name, version, requestOptions(deps)));
      return [
        name,
        manifest === undefined ? undefined : artifactOf(request, { ...manifest, name, version }),
      ] as const;
    }),
  );
  const platforms: LockedTool["platforms"] = {};
  for (const [platform, name] of packageOf) {
    const list = [name, ...companions].map((one) => artifacts.get(one));
    if (list.every((artifact) => artifact !== undefined)) platforms[platform] = list;
  }
  if (Object.keys(platforms).length > 0) return platforms;
  throw await missingVersion(request, { package: entry.versions, version }, deps);
}

/** The one artifact of a package that is installed with its dependencies. */
async function jsPackage(
  { versions: name }: NpmEntry,
  { request, version, manifest }: Chosen,
  deps: ResolveDeps,
): Promise<Resolved> {
  const found = manifest ?? await orNotFound(deps.registry.manifest(name, version, requestOptions(deps)));
  if (found === undefined) throw await missingVersion(request, { package: name, version }, deps);
  return { version, kind: "js", platforms: { any: [artifactOf(request, { ...found, name, version })] } };
}

/** @throws {HaftError} when the manifest has no strong hash */
function artifactOf(request: SourceRequest, { name, version, dist }: VersionManifest): ArtifactOf<"npm"> {
  const integrity = strongestIntegrity(dist.integrity ?? "");
  if (integrity === undefined) throw noIntegrity(request, `${name}@${version}`, dist.integrity);
  return { kind: "npm", package: name, version, integrity };
}

/** Why a version or tag was not found: it does not exist, or it exists without executables. */
async function missingVersion(
  request: SourceRequest,
  { package: name, version }: { package: string; version?: string },
  deps: ResolveDeps,
): Promise<Error> {
  const packument = await orNotFound(deps.registry.packument(name, requestOptions(deps)));
  if (packument === undefined) return unknownPackage(request, name);
  return version !== undefined && packument.versions.includes(version)
    ? nothingPublished(request, version, "npm")
    : unknownVersion(request, packument);
}

/**
 * A signature covers name, version and integrity, so the registry must still name the integrity that is
 * installed.
 */
async function checkSignature(artifact: ArtifactOf<"npm">, { registry, signal }: ArtifactDeps) {
  const manifest = await registry.manifest(artifact.package, artifact.version, { signal });
  const named = strongestIntegrity(manifest.dist.integrity ?? "");
  const algorithm = artifact.integrity.split("-")[0] ?? "";
  if (named?.startsWith(`${algorithm}-`) === true && named !== artifact.integrity) {
    throw new IntegrityError(
      `The registry names another integrity for ${artifact.package}@${artifact.version} than haft.lock: ${named}`,
      {
        next:
          "Do not install it. If the publisher did change it, remove the tool from haft.lock and sync again",
      },
    );
  }
  return await registry.verifySignature(manifest, { signal });
}
