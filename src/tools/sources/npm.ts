/** The npm registry, or the ones that npm's configuration names. */
import * as v from "valibot";
import { mapLimited } from "../../base/work_pool.ts";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import { Integrity, IntegrityError, strongestIntegrity } from "../integrity.ts";
import { lockedArtifacts, type LockedTool } from "../locked_tool.ts";
import type { SourceRequest } from "./source_request.ts";
import {
  buildFor,
  buildLayout,
  componentsOf,
  declaredComponents,
  declaredExecutables,
  ExecutableName,
  executablesFor,
  publishedPlatforms,
  RelativePath,
} from "./build.ts";
import { carriedCompanions, carries, lockedCompanions, NpmCompanion, PackageName } from "./npm_companions.ts";
import { nativePackages, platformCandidates } from "./npm_platform_packages.ts";
import { allVersions, chooseVersion, missingVersion, packageOf, packageVersion } from "./npm_versions.ts";
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
import { noIntegrity, orNotFound } from "./source_error.ts";

const ExactVersion = v.pipe(v.string(), v.regex(/^[0-9]+\.[0-9]+\.[0-9]+$/, "an exact version"));

/** Executables in a package of the registry, one package a platform. */
const NativeBuild = v.strictObject({
  kind: v.literal("native"),
  ...buildLayout,
  package: PackageName,
  companions: v.optional(v.array(NpmCompanion)),
  /** Commands that are scripts: where each is linked → the script. On Windows it is a `.cmd` file. */
  scripts: v.optional(v.record(RelativePath, RelativePath)),
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
  /** Tags that the registry does not know → what they ask for: `lts/iron` → `20`. */
  tags: v.optional(v.record(v.string(), v.string())),
  /** The package that published the versions before `below`, as yarn 1 has another than yarn 2. */
  earlier: v.optional(v.strictObject({ package: PackageName, below: ExactVersion })),
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
  versions: allVersions,
  async resolve(entry, request, deps) {
    const { version, manifest } = await chooseVersion(request, entry, deps);
    if (entry.builds === undefined) return await resolvePackage(entry, { request, version, manifest }, deps);
    const build = buildFor(entry.builds, version);
    return build.kind === "js" ? await jsPackage(entry, { request, version, manifest }, deps) : {
      version,
      kind: "native",
      platforms: await nativePlatforms(entry, { request, build, version }, deps),
    };
  },
  async search(text, { registry, signal }) {
    const found = await registry.search(text, signal === undefined ? {} : { signal });
    return found.slice(0, MOST_FOUND).map(({ name, description }) => ({ tool: `npm:${name}`, description }));
  },
  owns(entry, { package: name, version: published }, { version, platform }) {
    if (platform === "any") return name === packageOf(entry, version) && published === version;
    // The packages of a native tool that the catalogue does not know are named by the package's own metadata,
    // which is asked before one is installed.
    if (entry.builds === undefined) return true;
    const build = nativeBuild(entry, version);
    const word = build?.platforms[platform];
    if (build === undefined || word === undefined) return false;
    const companion = (build.companions ?? []).find((one) => one.package === name);
    const range = companion?.carries;
    if (range !== undefined) return carries(range, { version, published });
    return published === packageVersion(entry, version) &&
      (companion !== undefined || name === build.package.replaceAll("{platform}", word));
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
    const { companions, absent } = lockedCompanions(build, lockedArtifacts(locked, platform) ?? []);
    const { components = {} } = build;
    const gone = new Set(absent.flatMap(({ component = "" }) => components[component]?.bin ?? []));
    const left = Object.entries(components).filter(([name]) => !absent.some((one) => one.component === name));
    return {
      strip: build.strip,
      bin: Object.fromEntries(
        Object.entries(executablesFor(build, platform)).filter(([name]) => !gone.has(name)),
      ),
      into: ["", ...companions.map(({ into }) => into)],
      ...(build.scripts === undefined ? {} : { scripts: build.scripts }),
      ...componentsOf({ components: Object.fromEntries(left) }, companions.map(({ component }) => component)),
    };
  },
  publishes: (entry, version, platform) => nativeBuild(entry, version)?.platforms[platform] !== undefined,
  executables: ({ builds = [] }) => declaredExecutables(builds),
  components: ({ builds = [] }) => declaredComponents(builds.filter((build) => build.kind === "native")),
  variables: (entry, version) => nativeBuild(entry, version)?.env ?? {},
  format: () => "tar.gz",
  address: async (artifact, { registry, signal }) =>
    await registry.tarball(artifact.package, artifact.version, { signal }),
  likelyAddress: async (artifact, { registry }) =>
    await registry.likelyTarball(artifact.package, artifact.version),
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
  const published = packageVersion(entry, version);
  const packageOf = new Map(
    publishedPlatforms(build).map(([platform, word]) => [
      platform,
      build.package.replaceAll("{platform}", word),
    ]),
  );
  const { companions = [] } = build;
  const always = companions.filter(({ carries }) => carries === undefined).map((one) => one.package);
  const names = [...new Set([...packageOf.values(), ...always])];
  const artifacts = new Map(
    await mapLimited(names, REQUESTS_AT_ONCE, async (name) => {
      const manifest = await orNotFound(deps.registry.manifest(name, published, requestOptions(deps)));
      return [
        name,
        manifest === undefined ? undefined : artifactOf(request, { ...manifest, name, version: published }),
      ] as const;
    }),
  );
  const carried = (await carriedCompanions(companions, version, deps))
    .map((manifest) => artifactOf(request, manifest));
  const platforms: LockedTool["platforms"] = {};
  for (const [platform, name] of packageOf) {
    const list = [name, ...always].map((one) => artifacts.get(one));
    if (list.every((artifact) => artifact !== undefined)) platforms[platform] = [...list, ...carried];
  }
  if (Object.keys(platforms).length > 0) return platforms;
  throw await missingVersion(request, { package: entry.versions, version: published }, deps);
}

/** The one artifact of a package that is installed with its dependencies. */
async function jsPackage(
  entry: NpmEntry,
  { request, version, manifest }: Chosen,
  deps: ResolveDeps,
): Promise<Resolved> {
  const name = packageOf(entry, version);
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
