import type { Executables, LockedTool } from "../lockfile/locked_tool.ts";
import { type Platform, PLATFORMS } from "../platform.ts";
import type { ToolRequest } from "../request.ts";
import { requestOptions, REQUESTS_AT_ONCE, type ResolveDeps, type VersionManifest } from "./deps.ts";
import { mapBounded } from "./map_bounded.ts";
import { orNotFound } from "./not_found.ts";
import { jsPlatforms, manifestArtifact, npmVersion, unknownNpmVersion } from "./npm_source.ts";
import { platformMatches } from "./platform_matches.ts";

/**
 * `npm:NAME` for a package that no catalogue entry describes.
 *
 * It is native only when that is unmistakable, from metadata alone:
 * - the package (the wrapper) declares executables and has no dependencies besides optional ones;
 * - at least two optional dependencies are pinned to one exact version and are named for an operating system;
 * - the packages of those that exist for this version each name one `os` and `cpu`, have no dependencies, and declare
 *   themselves every executable of the wrapper, as a file that is no script.
 * Everything else is installed as a JavaScript package with its dependency tree, which is right for add-ons (swc, rollup,
 * oxlint), and merely a few milliseconds slower for wrappers whose platform packages declare no executables.
 */
export async function genericTool(
  request: ToolRequest,
  name: string,
  deps: ResolveDeps,
): Promise<Omit<LockedTool, "request">> {
  const { version, manifest } = await npmVersion(request, name, deps);
  const wrapper = manifest ?? await orNotFound(deps.registry.manifest(name, version, requestOptions(deps)));
  if (wrapper === undefined) throw await unknownNpmVersion(request, name, deps);
  const native = await nativeOf(request, wrapper, deps);
  if (native !== undefined) return { version, source: "npm", kind: "native", ...native };
  const platforms = await jsPlatforms(request, { package: name, version, manifest: wrapper }, deps);
  return { version, source: "npm", kind: "js", platforms };
}

type Native = Required<Pick<LockedTool, "platforms" | "bin">>;

async function nativeOf(
  request: ToolRequest,
  wrapper: VersionManifest,
  deps: ResolveDeps,
): Promise<Native | undefined> {
  const executables = Object.keys(executablesOf(wrapper));
  if (executables.length === 0 || Object.keys(wrapper.dependencies ?? {}).length > 0) return undefined;
  const candidates = platformCandidates(wrapper);
  if (candidates.length < 2) return undefined;
  const manifestOf = async ([name, version]: Candidate): Promise<VersionManifest | undefined> => {
    const manifest = await orNotFound(deps.registry.manifest(name, version, requestOptions(deps)));
    return manifest === undefined ? undefined : { ...manifest, name, version };
  };
  // One answer tells add-ons from executables: the others are asked only after it spoke for executables.
  let probed = 0;
  let first: VersionManifest | undefined;
  for (const candidate of candidates) {
    first = await manifestOf(candidate);
    probed++;
    if (first !== undefined) break;
  }
  if (first === undefined || !isPlatformPackage(first, executables)) return undefined;
  const others = await mapBounded(candidates.slice(probed), REQUESTS_AT_ONCE, manifestOf);
  const manifests = [first, ...others.filter((manifest) => manifest !== undefined)];
  return manifests.every((manifest) => isPlatformPackage(manifest, executables))
    ? collect(request, manifests, executables)
    : undefined;
}

type Candidate = readonly [name: string, version: string];

/** Optional dependencies with an exact pin and an operating system's name in their own; the likeliest to exist come first. */
export function platformCandidates(wrapper: VersionManifest): Candidate[] {
  return Object.entries(wrapper.optionalDependencies ?? {})
    .filter(([name, pin]) =>
      /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/.test(pin) &&
      /(?:^|[^a-z])(?:linux|darwin|macos|win32|windows|win)(?:[^a-z]|$|32|64)/.test(name)
    )
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(name: string): number {
  return /linux.*x64|x64.*linux/.test(name) ? 0 : 1;
}

/** Whether a package is, by its own word, the executables of one platform and nothing else. */
function isPlatformPackage(manifest: VersionManifest, executables: readonly string[]): boolean {
  const bin = executablesOf(manifest);
  return list(manifest.os).length > 0 && list(manifest.cpu).length > 0 &&
    Object.keys(manifest.dependencies ?? {}).length === 0 &&
    executables.every((name) => isNativePath(bin[name] ?? ""));
}

function collect(
  request: ToolRequest,
  manifests: readonly VersionManifest[],
  executables: readonly string[],
): Native | undefined {
  const platforms: LockedTool["platforms"] = {};
  const bin: Partial<Record<Platform, Executables>> = {};
  for (const platform of PLATFORMS) {
    const fits = manifests.filter((one) => platformMatches(platform, { ...one, libc: libcOf(one) }));
    // A package that names its libc was made for it; one that names none is the static or only build.
    const made = fits.filter((manifest) => libcOf(manifest).length > 0);
    const [best, ...more] = made.length > 0 ? made : fits;
    // Two of a kind (`-baseline`, `-modern`): which is right is not for metadata to say.
    if (more.length > 0) return undefined;
    if (best === undefined) continue;
    const all = executablesOf(best);
    platforms[platform] = [manifestArtifact(request, { package: best.name, version: best.version }, best)];
    bin[platform] = Object.fromEntries(executables.map((name) => [name, all[name] ?? ""]));
  }
  return Object.keys(platforms).length > 0 ? { platforms, bin } : undefined;
}

/** The C library a package is for, by its `libc` or, as most lack that, by its name. */
function libcOf({ name, os, libc }: VersionManifest): readonly string[] {
  const named = list(libc);
  if (named.length > 0 || !list(os).includes("linux")) return named;
  if (/musl/.test(name)) return ["musl"];
  return /(?:^|[^a-z])(?:gnu|glibc)(?:[^a-z]|$)/.test(name) ? ["glibc"] : [];
}

/** `bin` of package.json as a table. A lone text is named for the package, without its scope. */
function executablesOf({ name, bin }: VersionManifest): Executables {
  const table = typeof bin === "string" ? { [name.replace(/^@[^/]*\//, "")]: bin } : bin ?? {};
  return Object.fromEntries(
    Object.entries(table)
      .filter(([executable]) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(executable))
      .map(([executable, path]) => [executable, path.replace(/^\.\//, "")]),
  );
}

/** A path inside the package to something that is not a script of an interpreter's. */
function isNativePath(path: string): boolean {
  return path !== "" && !/^[/\\]|[\\:]|(?:^|\/)\.\.?(?:\/|$)/.test(path) &&
    !/\.(?:[cm]?[jt]s|py|rb|sh|ps1)$/i.test(path);
}

function list(value: readonly string[] | string | undefined): readonly string[] {
  return typeof value === "string" ? [value] : value ?? [];
}
