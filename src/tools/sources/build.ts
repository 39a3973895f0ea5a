import { satisfies, tryParse } from "@std/semver";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { type Platform, PLATFORMS } from "../platform.ts";
import type { Layout } from "./source.ts";
import { knownRange } from "../versions/version_request.ts";

/**
 * How the executables of a version are laid out, as the catalogue writes it. Text in `{braces}` is filled in:
 * `{platform}` (the word from `platforms`), `{version}`, and `{exe}` (`.exe` on Windows, else
 * nothing).
 */
export const RelativePath = v.pipe(
  v.string(),
  v.regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[^/\\:][^\\:]*$/, "a path inside the tool"),
);
/**
 * The one rule for the names of executables, whatever their source: such a name means nothing special to a
 * shell, cannot be taken for an option, and is one component of a path on every system.
 */
const EXECUTABLE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/;

export function isExecutableName(name: string): boolean {
  return EXECUTABLE_NAME.test(name) && !name.endsWith(".") &&
    !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
}

export const ExecutableName = v.pipe(v.string(), v.check(isExecutableName, "an executable's name"));

/** Platform → the publisher's word for it. A platform that is absent is not published. */
const PlatformWords = v.pipe(
  v.strictObject(v.entriesFromList(PLATFORMS, v.optional(v.pipe(v.string(), v.nonEmpty())))),
  v.check((words) => Object.keys(words).length > 0, "at least one platform"),
);
export const ComponentName = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*$/, "a component's name"));
const ExecutablePaths = v.record(ExecutableName, RelativePath);

export const buildLayout = {
  /** A range of versions; a source's first build whose range has the version is used. All when absent. */
  when: v.optional(v.string()),
  /** Leading path components to drop, whatever their names. */
  strip: v.pipe(v.number(), v.integer(), v.minValue(0)),
  platforms: PlatformWords,
  /** Executable → path below the install directory. */
  bin: ExecutablePaths,
  /** Replaces `bin` on Windows where the layout differs by more than `.exe`. */
  windows_bin: v.optional(ExecutablePaths),
  /** What `options.components` can leave out: its executables, and globs of its files. */
  components: v.optional(v.record(
    ComponentName,
    v.strictObject({
      bin: v.optional(v.array(ExecutableName)),
      files: v.optional(v.array(RelativePath)),
    }),
  )),
  /** Variables that the tool needs when it runs; `{dir}` is its install directory. */
  env: v.optional(v.record(v.string(), v.string())),
};

const NativeLayout = v.object(buildLayout);
export type NativeLayout = v.InferOutput<typeof NativeLayout>;

/** The build of a source that made the version: some tools changed how they are published. */
export function buildFor<Build extends { when?: string | undefined }>(
  builds: readonly Build[],
  version: string,
): Build {
  const parsed = tryParse(version);
  const build = builds.find(({ when }) =>
    when === undefined || (parsed !== undefined && satisfies({ ...parsed, prerelease: [] }, knownRange(when)))
  );
  if (build !== undefined) return build;
  throw new HaftError(`haft does not know how version ${version} is published`, {
    next: "Choose a newer version",
  });
}

/** The executables of a build on a platform, as paths below the install directory. */
export function executablesFor(
  build: Pick<NativeLayout, "bin" | "windows_bin">,
  platform: Platform,
): Record<string, string> {
  const windows = platform.startsWith("win32-");
  const bin = windows ? build.windows_bin ?? build.bin : build.bin;
  return Object.fromEntries(
    Object.entries(bin).map(([name, path]) => [name, path.replaceAll("{exe}", windows ? ".exe" : "")]),
  );
}

/**
 * The components of a build, for its layout.
 *
 * @param companions the component that each artifact after the first belongs to, if it belongs to one
 */
export function componentsOf(
  { components = {} }: Pick<NativeLayout, "components">,
  companions: readonly (string | undefined)[] = [],
): Pick<Layout, "components"> {
  const names = new Set([...Object.keys(components), ...companions.filter((name) => name !== undefined)]);
  if (names.size === 0) return {};
  return {
    components: Object.fromEntries([...names].map((name) => [name, {
      bin: components[name]?.bin ?? [],
      files: components[name]?.files ?? [],
      artifacts: companions.flatMap((owner, index) => owner === name ? [index + 1] : []),
    }])),
  };
}

/** The components that the builds of a catalogue entry name, of whichever version. */
export function declaredComponents(
  builds: readonly {
    components?: NativeLayout["components"];
    companions?: readonly { component?: string | undefined }[] | undefined;
  }[],
): string[] {
  const names = builds.flatMap(({ components = {}, companions = [] }) => [
    ...Object.keys(components),
    ...companions.flatMap(({ component }) => component ?? []),
  ]);
  return [...new Set(names)];
}

/**
 * The platforms that a build is published for, each with the publisher's word for it, in the order of
 * PLATFORMS.
 */
export function publishedPlatforms(
  { platforms }: { platforms?: NativeLayout["platforms"] | undefined },
): [Platform, string][] {
  return PLATFORMS.flatMap((platform): [Platform, string][] => {
    const word = platforms === undefined ? platform : platforms[platform];
    return word === undefined ? [] : [[platform, word]];
  });
}

/** The executables that the builds of a catalogue entry name, of whichever version. */
export function declaredExecutables(
  builds: readonly ({ bin: Readonly<Record<string, string>> } | { executables: readonly string[] })[],
): string[] {
  return [...new Set(builds.flatMap((build) => "bin" in build ? Object.keys(build.bin) : build.executables))];
}
