import { mapLimited } from "../../base/work_pool.ts";
import type { Executables } from "../locked_tool.ts";
import { type Platform, platformParts, PLATFORMS } from "../platform.ts";
import { isExecutableName } from "./build.ts";
import { requestOptions, REQUESTS_AT_ONCE, type ResolveDeps, type VersionManifest } from "./source.ts";
import { orNotFound } from "./source_error.ts";

/** The package that holds the executables of one platform. */
export interface PlatformPackage {
  platform: Platform;
  manifest: VersionManifest;
  executables: Executables;
}

/**
 * The packages of a native tool that no catalogue entry describes, or undefined when it is not unmistakably
 * native:
 * - the package (the wrapper) declares executables and has no dependencies besides optional ones;
 * - at least two optional dependencies are pinned to one exact version and are named for an operating system;
 * - the packages of those that exist for this version each name one `os` and `cpu`, have no dependencies, and
 *   declare themselves every executable of the wrapper, as a file that is no script. Everything else is a
 *   JavaScript package: right for add-ons (swc, rollup, oxlint), and a few milliseconds slower for wrappers
 *   whose platform packages declare no executables.
 */
export async function nativePackages(
  wrapper: VersionManifest,
  deps: ResolveDeps,
): Promise<PlatformPackage[] | undefined> {
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
  const others = await mapLimited(candidates.slice(probed), REQUESTS_AT_ONCE, manifestOf);
  const manifests = [first, ...others.filter((manifest) => manifest !== undefined)];
  return manifests.every((manifest) => isPlatformPackage(manifest, executables))
    ? byPlatform(manifests, executables)
    : undefined;
}

type Candidate = readonly [name: string, version: string];

/**
 * Optional dependencies with an exact pin and an operating system's name in their own; the likeliest to exist
 * come first.
 */
export function platformCandidates(
  wrapper: Pick<VersionManifest, "optionalDependencies">,
): Candidate[] {
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

function byPlatform(
  manifests: readonly VersionManifest[],
  executables: readonly string[],
): PlatformPackage[] | undefined {
  const packages: PlatformPackage[] = [];
  for (const platform of PLATFORMS) {
    const fits = manifests.filter((one) => platformMatches(platform, { ...one, libc: libcOf(one) }));
    // A package that names its libc was made for it; one that names none is the static or only build.
    const made = fits.filter((manifest) => libcOf(manifest).length > 0);
    const [best, ...more] = made.length > 0 ? made : fits;
    // Metadata cannot choose between two of a kind (`-baseline`, `-modern`).
    if (more.length > 0) return undefined;
    if (best === undefined) continue;
    const all = executablesOf(best);
    packages.push({
      platform,
      manifest: best,
      executables: Object.fromEntries(executables.map((name) => [name, all[name] ?? ""])),
    });
  }
  return packages.length > 0 ? packages : undefined;
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
      .filter(([executable]) => isExecutableName(executable))
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

/** `os`, `cpu` and `libc` of package.json: a text or a list, each name as it is or negated (`!win32`). */
export interface PlatformLimits {
  readonly os?: readonly string[] | string | undefined;
  readonly cpu?: readonly string[] | string | undefined;
  readonly libc?: readonly string[] | string | undefined;
}

/** Whether npm would install a package with these limits on the platform. */
export function platformMatches(platform: Platform, { os, cpu, libc }: PlatformLimits): boolean {
  const parts = platformParts(platform);
  return allows(os, parts.os) && allows(cpu, parts.cpu) &&
    // npm compares libc on Linux only.
    (parts.libc === undefined || allows(libc, parts.libc));
}

/**
 * npm's rule: a negated name excludes; names that are not negated must include the value when there are any.
 */
function allows(limit: readonly string[] | string | undefined, value: string): boolean {
  const names = typeof limit === "string" ? [limit] : limit ?? [];
  if (names.includes(`!${value}`)) return false;
  const wanted = names.filter((name) => !name.startsWith("!"));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes("any");
}
