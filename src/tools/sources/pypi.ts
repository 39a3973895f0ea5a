/**
 * A Python package index. Native executables in wheels need no Python to be installed or run; an application
 * in Python gets an environment of its own, see `../install/python_app.ts`.
 */
import * as v from "valibot";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import { Integrity, integrityOfSha256 } from "../integrity.ts";
import type { LockedTool } from "../locked_tool.ts";
import type { Platform } from "../platform.ts";
import type { IndexFile } from "../registry/python_index.ts";
import { HaftError } from "../../base/errors.ts";
import type { SourceRequest } from "./source_request.ts";
import { versionMap } from "../versions/loose_version.ts";
import { sortVersions } from "../versions/pick_version.ts";
import { ExecutableName, RelativePath } from "./build.ts";
import { chooseFrom, withLatest } from "./choose_version.ts";
import type { ResolveDeps, Source } from "./source.ts";
import { noIntegrity, nothingPublished, unknownPackage, unknownVersion } from "./source_error.ts";
import {
  isNativeWheel,
  isPythonWheel,
  parseWheelName,
  scriptsDirectory,
  type WheelName,
  wheelsByPlatform,
} from "./wheel.ts";

export const PypiEntry = v.strictObject({
  source: v.literal("pypi"),
  /** The project in the index. */
  package: v.string(),
  /** Executables in the wheel's directory of scripts. */
  scripts: v.optional(v.pipe(v.array(ExecutableName), v.minLength(1))),
  /** Executables elsewhere: name → path inside the wheel; `{exe}` is `.exe` on Windows. */
  bin: v.optional(v.record(ExecutableName, RelativePath)),
  /** The commands of an application in Python, which is installed with its dependencies. */
  app: v.optional(v.pipe(v.array(ExecutableName), v.minLength(1))),
  /** They need no C library: those for glibc also run with musl. */
  static: v.optional(v.boolean()),
  /** Variables that the tool needs when it runs; `{dir}` is its install directory. */
  env: v.optional(v.record(v.string(), v.string())),
});
export type PypiEntry = v.InferOutput<typeof PypiEntry>;

const PROJECT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

const LockedArtifact = v.pipe(
  v.strictObject({
    pypi: v.pipe(v.string(), v.regex(PROJECT, "a Python project's name")),
    file: v.pipe(v.string(), v.check((file) => parseWheelName(file) !== undefined, "a wheel's file name")),
    integrity: Integrity,
  }),
  v.transform(({ pypi: name, file, integrity }): ArtifactOf<"pypi"> => ({
    kind: "pypi",
    package: name,
    file,
    integrity,
  })),
);

export const pypi = {
  name: "pypi",
  entry: PypiEntry,
  locked: {
    key: "pypi",
    schema: LockedArtifact,
    example: '{ pypi = "project", file = "….whl", integrity = "…" }',
    write: ({ package: name, file, integrity }) => ({ pypi: name, file, integrity }),
  },
  direct: (text) => PROJECT.test(text) ? { source: "pypi", package: normalized(text) } : undefined,
  directForm: '"pypi:name"',
  subject: ({ package: name }) => normalized(name),
  async versions(entry, request, deps) {
    return sortVersions([...(await published(entry, request, deps)).releases.keys()]);
  },
  async dates(entry, request, deps) {
    const { releases } = await published(entry, request, deps);
    return new Map([...releases].flatMap(([version, [wheel]]) => {
      const uploaded = wheel?.file.uploaded;
      return uploaded === undefined ? [] : [[version, uploaded.slice(0, "2024-10-29".length)]];
    }));
  },
  async resolve(entry, request, deps) {
    const { kind, releases } = await published(entry, request, deps);
    const version = chooseFrom([...releases.keys()], request);
    if (version === undefined) throw unknownVersion(request, withLatest([...releases.keys()]));
    const platforms = kind === "native"
      ? lockPlatforms(entry, { request, version, releases })
      : lockApplication(entry, { request, version, releases });
    return { version, kind, platforms };
  },
  async search(text, deps) {
    // An index answers for names alone.
    const name = normalized(text.trim().replaceAll(/\s+/g, "-"));
    if (!PROJECT.test(name)) return [];
    const { wheelsOf } = await import("../registry/python_index.ts");
    const wheels = await wheelsOf(name, deps);
    return wheels === undefined || wheels.length === 0 ? [] : [{ tool: `pypi:${name}`, description: "" }];
  },
  owns(entry, { package: name, file }, { version }) {
    const wheel = parseWheelName(file);
    return wheel !== undefined && versionMap([wheel.version]).has(version) &&
      [name, wheel.name].every((one) => normalized(one) === normalized(entry.package));
  },
  layout(entry, locked, platform) {
    const [artifact] = locked.platforms[platform] ?? [];
    const wheel = artifact?.kind === "pypi" ? parseWheelName(artifact.file) : undefined;
    if (wheel === undefined) return undefined;
    return { strip: 0, bin: executables(entry, wheel, platform), into: [] };
  },
  publishes: () => false,
  executables: ({ scripts = [], bin = {}, app = [] }) => [...scripts, ...Object.keys(bin), ...app],
  variables: ({ env = {} }) => env,
  format: () => "zip",
  async address({ package: name, file }, deps) {
    const { wheelAddress, wheelsOf } = await import("../registry/python_index.ts");
    const found = (await wheelsOf(name, deps))?.find(({ filename }) => filename === file);
    if (found !== undefined) return await wheelAddress(found, name, deps.user);
    throw new HaftError(`The Python package index does not have ${file}`, {
      next: "Check PIP_INDEX_URL and pip's configuration, or choose another version",
    });
  },
  signature: () => Promise.resolve("not-checked"),
} satisfies Source<PypiEntry, ArtifactOf<"pypi">>;

interface Wheel {
  file: IndexFile;
  wheel: WheelName;
}

/**
 * Version of the tool → its wheels: the native ones, or where there are none those in Python alone. Yanked
 * files are left out.
 */
async function published(
  entry: PypiEntry,
  request: SourceRequest,
  deps: ResolveDeps,
): Promise<{ kind: "native" | "python"; releases: Map<string, Wheel[]> }> {
  const { wheelsOf } = await import("../registry/python_index.ts");
  const files = await wheelsOf(entry.package, deps);
  if (files === undefined) {
    throw unknownPackage(request, entry.package, "Check its spelling, and the index in pip's configuration");
  }
  const wheels = files.filter(({ yanked }) => !yanked).flatMap((file): Wheel[] => {
    const wheel = parseWheelName(file.filename);
    return wheel === undefined ? [] : [{ file, wheel }];
  });
  const native = entry.app === undefined ? wheels.filter(({ wheel }) => isNativeWheel(wheel)) : [];
  if (native.length > 0) return { kind: "native", releases: byVersion(native) };
  const pure = wheels.filter(({ wheel }) => isPythonWheel(wheel));
  if (pure.length > 0) return { kind: "python", releases: byVersion(pure) };
  throw new HaftError(`"${entry.package}" has no wheel in the Python package index that haft can install`, {
    next: "haft builds nothing from a project's sources; ask its publisher for a wheel",
  });
}

function byVersion(wheels: readonly Wheel[]): Map<string, Wheel[]> {
  const byText = Map.groupBy(wheels, ({ wheel }) => wheel.version);
  return new Map([...versionMap(byText.keys())].map(([version, text]) => [version, byText.get(text) ?? []]));
}

/** The one wheel of an application, for every platform. */
function lockApplication(
  entry: PypiEntry,
  { request, version, releases }: { request: SourceRequest; version: string; releases: Map<string, Wheel[]> },
): LockedTool["platforms"] {
  const [wheel] = releases.get(version) ?? [];
  if (wheel === undefined) throw nothingPublished(request, version, "pypi");
  const { filename, sha256 } = wheel.file;
  if (sha256 === undefined) throw noIntegrity(request, filename, undefined);
  const integrity = integrityOfSha256(sha256);
  return { any: [{ kind: "pypi", package: entry.package, file: filename, integrity }] };
}

function lockPlatforms(
  entry: PypiEntry,
  { request, version, releases }: { request: SourceRequest; version: string; releases: Map<string, Wheel[]> },
): LockedTool["platforms"] {
  const chosen = wheelsByPlatform(releases.get(version) ?? [], { isStatic: entry.static === true });
  if (chosen.size === 0) throw nothingPublished(request, version, "pypi");
  const platforms: LockedTool["platforms"] = {};
  for (const [platform, { file: { filename, sha256 } }] of chosen) {
    if (sha256 === undefined) throw noIntegrity(request, filename, undefined);
    const integrity = integrityOfSha256(sha256);
    platforms[platform] = [{ kind: "pypi", package: entry.package, file: filename, integrity }];
  }
  return platforms;
}

function executables(entry: PypiEntry, wheel: WheelName, platform: Platform): Record<string, string> {
  const exe = platform.startsWith("win32-") ? ".exe" : "";
  const scripts = (entry.scripts ?? []).map((name) => [name, `${scriptsDirectory(wheel)}/${name}${exe}`]);
  const others = Object.entries(entry.bin ?? {}).map(([name, path]) => [name, path.replaceAll("{exe}", exe)]);
  return Object.fromEntries([...scripts, ...others]);
}

/** As the index has it (PEP 503). */
function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}
