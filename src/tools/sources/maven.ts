/** Archives and runnable jars of a Maven repository. A jar runs with a Java that is there. */
import * as v from "valibot";
import type { ArchiveFormat, ArtifactOf } from "../../protocol/artifact.ts";
import { Integrity } from "../integrity.ts";
import { mavenAddress, mavenIntegrity, mavenVersions } from "../registry/maven_repository.ts";
import { versionMap } from "../versions/loose_version.ts";
import { sortVersions } from "../versions/pick_version.ts";
import { ExecutableName, executablesFor, RelativePath } from "./build.ts";
import { chooseFrom, withLatest } from "./choose_version.ts";
import type { ResolveDeps, Source } from "./source.ts";
import { noIntegrity, unknownPackage, unknownVersion } from "./source_error.ts";
import type { SourceRequest } from "./source_request.ts";

const WORD = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const Word = v.pipe(v.string(), v.regex(WORD, "a name of Maven's"), v.check((text) => !text.includes("..")));

export const MavenEntry = v.strictObject({
  source: v.literal("maven"),
  group: Word,
  artifact: Word,
  classifier: v.optional(Word),
  /** How the file is packed; a runnable jar by default. */
  extension: v.optional(v.picklist(["jar", "tar.gz", "zip"])),
  /** What starts a jar; the artifact's name by default. */
  executable: v.optional(ExecutableName),
  /** Leading path components of an archive to drop. */
  strip: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Executable → path below the install directory, for an archive. */
  bin: v.optional(v.record(ExecutableName, RelativePath)),
  windows_bin: v.optional(v.record(ExecutableName, RelativePath)),
});
export type MavenEntry = v.InferOutput<typeof MavenEntry>;

const LockedArtifact = v.pipe(
  v.strictObject({
    maven: v.pipe(
      v.string(),
      v.regex(
        /^[A-Za-z0-9_][A-Za-z0-9_.-]*:[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9_.+-]*$/,
        "group:artifact@version",
      ),
      v.check((text) => !text.includes(".."), "group:artifact@version"),
    ),
    file: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]*\.(jar|tar\.gz|zip)$/, "a file's name")),
    integrity: Integrity,
  }),
  v.transform(({ maven: text, file, integrity }): ArtifactOf<"maven"> => {
    const [group = "", artifact = "", version = ""] = text.split(/[:@]/);
    return { kind: "maven", group, artifact, version, file, integrity };
  }),
);

export const maven = {
  name: "maven",
  entry: MavenEntry,
  locked: {
    key: "maven",
    schema: LockedArtifact,
    example: '{ maven = "group:artifact@version", file = "….jar", integrity = "…" }',
    write: ({ group, artifact, version, file, integrity }) => ({
      maven: `${group}:${artifact}@${version}`,
      file,
      integrity,
    }),
  },
  direct: coordinates,
  directForm: '"maven:group:artifact" or "maven:group:artifact:classifier"',
  subject: coordinatesText,
  versions: async (entry, request, deps) => sortVersions([...(await releases(entry, request, deps)).keys()]),
  async resolve(entry, request, deps) {
    const found = await releases(entry, request, deps);
    const version = chooseFrom([...found.keys()], request);
    if (version === undefined) throw unknownVersion(request, withLatest([...found.keys()]));
    const text = found.get(version) ?? version;
    const { group, artifact } = entry;
    const file = fileOf(entry, text);
    const integrity = await mavenIntegrity({ group, artifact, version: text, file }, deps);
    if (integrity === undefined) throw noIntegrity(request, `${group}:${artifact} ${file}`, undefined);
    const only = { kind: "maven" as const, group, artifact, version: text, file, integrity };
    return { version, kind: "native", platforms: { any: [only] } };
  },
  async search(text, deps) {
    // A repository answers for coordinates alone.
    const entry = coordinates(text.trim());
    if (entry === undefined) return [];
    const found = await mavenVersions(entry, deps);
    return found === undefined ? [] : [{ tool: `maven:${coordinatesText(entry)}`, description: "" }];
  },
  owns: (entry, { group, artifact, version: text, file }, { version }) =>
    group === entry.group && artifact === entry.artifact && file === fileOf(entry, text) &&
    versionMap([text]).has(version),
  layout(entry, _locked, platform) {
    if (!isJar(entry)) {
      const { strip = 1, bin = {}, windows_bin: windows } = entry;
      const paths = executablesFor(
        { bin, ...(windows === undefined ? {} : { windows_bin: windows }) },
        platform,
      );
      return { strip, bin: paths, into: [] };
    }
    const name = programOf(entry);
    const jar = `lib/${name}.jar`;
    const launcher = `bin/${name}${platform.startsWith("win32-") ? ".cmd" : ""}`;
    return { strip: 0, bin: { [name]: launcher }, into: [], file: jar, launchers: { [launcher]: jar } };
  },
  publishes: () => false,
  executables: (entry) => isJar(entry) ? [programOf(entry)] : Object.keys(entry.bin ?? {}),
  variables: () => ({}),
  format: ({ file }) => formatOf(file),
  address: (artifact, deps) => mavenAddress(artifact, deps),
  signature: () => Promise.resolve("not-checked"),
} satisfies Source<MavenEntry, ArtifactOf<"maven">>;

/** `group:artifact` or `group:artifact:classifier`. */
function coordinates(text: string): MavenEntry | undefined {
  const [group = "", artifact = "", classifier, more] = text.split(":");
  const words = [group, artifact, classifier].filter((word) => word !== undefined);
  if (more !== undefined || !words.every((word) => v.is(Word, word))) return undefined;
  return { source: "maven", group, artifact, ...(classifier === undefined ? {} : { classifier }) };
}

function coordinatesText({ group, artifact, classifier }: MavenEntry): string {
  return [group, artifact, ...classifier === undefined ? [] : [classifier]].join(":");
}

function isJar({ extension = "jar" }: MavenEntry): boolean {
  return extension === "jar";
}

function programOf({ artifact, executable = artifact }: MavenEntry): string {
  return executable;
}

function fileOf({ artifact, classifier, extension = "jar" }: MavenEntry, version: string): string {
  return `${artifact}-${version}${classifier === undefined ? "" : `-${classifier}`}.${extension}`;
}

function formatOf(file: string): ArchiveFormat {
  return file.endsWith(".tar.gz") ? "tar.gz" : file.endsWith(".zip") ? "zip" : "file";
}

/** Version → as its publisher writes it. */
async function releases(
  { group, artifact }: MavenEntry,
  request: SourceRequest,
  deps: ResolveDeps,
): Promise<Map<string, string>> {
  const listed = await mavenVersions({ group, artifact }, deps);
  if (listed !== undefined) return versionMap(listed);
  throw unknownPackage(
    request,
    `${group}:${artifact}`,
    "Check its spelling, and the repository in Maven's settings.xml",
  );
}
