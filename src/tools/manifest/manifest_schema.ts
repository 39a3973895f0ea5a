import * as v from "valibot";
import { SourceName } from "../../protocol/artifact.ts";
import { NO_NUL } from "../../base/no_nul.ts";
import { ToolOptions } from "../../protocol/tool_options.ts";
import { OwnEntries } from "../catalogue/catalogue_schema.ts";
import { FleetSettings } from "./fleet_settings.ts";
import { plainPath } from "./plain_path.ts";
import { VERSION_FILES } from "./version_files/families.ts";
import { parseBehind, tryParseVersionRequest } from "../versions/version_request.ts";

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a version text is a version, a range or a tag. */
export function isVersionRequest(text: string): boolean {
  return text.length <= 256 &&
    (tryParseVersionRequest(text) !== undefined || parseBehind(text) !== undefined);
}

const Version = v.pipe(v.string(), v.check(isVersionRequest, 'a version such as "22", "^1.2" or "latest"'));
const VariableName = v.pipe(v.string(), v.regex(VARIABLE_NAME, "a variable's name"));
const Word = v.pipe(v.string(), NO_NUL);
const Seconds = v.pipe(v.number(), v.integer(), v.minValue(1));

/** One entry of `[tools]`, as a table. */
const ToolTable = v.strictObject({
  version: Version,
  source: v.optional(SourceName),
  /** What of the tool is installed, and what runs then. */
  options: v.optional(ToolOptions, {}),
  /** Install on these systems only. */
  os: v.optional(v.array(v.picklist(["linux", "darwin", "win32"]))),
  /** Variables for the install step alone. */
  install_env: v.optional(v.record(VariableName, Word), {}),
});

export const Settings = v.strictObject({
  /** Installs at a time. */
  jobs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64))),
  /** Install a missing tool when it is first run. */
  auto_install: v.optional(v.boolean()),
  /** Seconds without progress after which an install counts as hung. */
  stall_timeout: v.optional(Seconds),
  /** What runs the texts of apps, tasks and backends: `"bash"` is `["bash", "-c"]`. */
  shell: v.optional(
    v.union([
      v.pipe(Word, v.nonEmpty("a shell"), v.transform((name) => [name, "-c"])),
      v.pipe(
        v.array(Word),
        v.check((words) => (words[0] ?? "") !== "", "a list that begins with a shell"),
      ),
    ]),
  ),
  /** Whether deprecated variables such as HAFT_TOOL_OPTIONS count. Default true. */
  legacy_env: v.optional(v.boolean()),
  /** Which files of other programs say versions, too: all, none, or those that are named. */
  version_files: v.optional(v.union([v.boolean(), v.array(v.picklist(VERSION_FILES))])),
  /** Let packages bring dependencies by git or from an address, past the registry. */
  remote_dependencies: v.optional(v.boolean()),
});
export type Settings = v.InferOutput<typeof Settings>;

/** What has no place in a project's manifest. */
function onlyUsers(why: string) {
  return v.custom<never>(() => false, `left to your own config.toml (${why})`);
}

const DotenvFile = v.pipe(Word, v.nonEmpty("a file"));

/** `[settings]` of a project. */
export const ProjectSettings = v.strictObject({
  ...Settings.entries,
  /** Files of variables below `[env]`, beside the manifest; later ones over earlier ones. */
  dotenv: v.optional(v.union([DotenvFile, v.array(DotenvFile)])),
  trusted_paths: v.optional(onlyUsers("a project cannot trust itself")),
  allowed_shims: v.optional(onlyUsers("the shims are yours, not the project's")),
});
export type ProjectSettings = v.InferOutput<typeof ProjectSettings>;

/** Address prefix → what stands in its place. */
export const MirrorTable = v.record(
  v.string(),
  v.pipe(v.string(), v.regex(/^https?:\/\//, 'an address such as "https://mirror.example/"')),
);

/**
 * Sections whose content belongs to later parts of haft; that they are tables is all that is checked here.
 */
const Section = v.record(v.string(), v.unknown());

/** `[includes]`: namespace → a file of tasks, below the manifest's directory. */
const Includes = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, "a namespace such as docs")),
  v.pipe(
    v.string(),
    v.regex(
      /^(?![\/\\]|[A-Za-z]:)(?!(?:.*[\/\\])?\.\.(?:[\/\\]|$)).+$/,
      "a file below the manifest's directory",
    ),
  ),
);

/** A file of `[includes]`. */
export const TaskFile = v.strictObject({ tasks: v.optional(Section, {}) });

/** `haft.toml`. */
export const ManifestDocument = v.strictObject({
  tools: v.optional(v.record(v.string(), v.union([Version, ToolTable])), {}),
  /** Variables of the project; `false` takes one away. */
  env: v.optional(
    v.pipe(v.record(VariableName, v.union([Word, v.literal(false)])), plainPath()),
    {},
  ),
  settings: v.optional(ProjectSettings, {}),
  mirrors: v.optional(MirrorTable, {}),
  /** Tools that haft's own catalogue lacks, or has otherwise. */
  catalogue: v.optional(OwnEntries, {}),
  apps: v.optional(Section),
  tasks: v.optional(Section),
  includes: v.optional(Includes, {}),
  backends: v.optional(Section),
  daemon: v.optional(onlyUsers("the daemon is yours, not the project's")),
  fleet: v.optional(onlyUsers("who may use this machine is your choice")),
});
export type ManifestDocument = v.InferOutput<typeof ManifestDocument>;

const FilePath = v.pipe(v.string(), v.regex(/^(\/|[A-Za-z]:[\\/]|\\\\)/, "an absolute path"));
const Whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));

/** `[daemon]` of the user's own settings. A project has no say in it: the daemon is the user's. */
/** A path, a channel's name, or the usual place. */
const Place = v.union([
  FilePath,
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]*$/, "an absolute path, or a channel's name")),
  v.literal(true),
]);

export const DaemonSettings = v.strictObject({
  /** Where it answers. */
  socket: v.optional(FilePath),
  /** Another name of `socket`. */
  socket_path: v.optional(FilePath),
  /** Seconds without a connection and without anything to supervise after which it ends; 0 for never. */
  idle_exit: v.optional(Whole(0, 31_536_000)),
  /** Connections at a time. */
  connections: v.optional(Whole(1, 100_000)),
  /** Connections at a time that have sent nothing yet. */
  silent_connections: v.optional(Whole(1, 100_000)),
  /** The longest message, in bytes. */
  frame: v.optional(Whole(1_024, 16 * 1024 * 1024 - 1)),
  /** Tasks of `haft task start` that run at a time. */
  tasks: v.optional(Whole(1, 10_000)),
  /** Other systems' wires: dialect → where it listens; `true` is where its clients look by themselves. */
  listen: v.optional(v.record(v.string(), v.union([Place, v.array(Place)]))),
  /** Which task Roo-Code's clients start, and in which directory's project. */
  roo: v.optional(v.strictObject({
    task: v.optional(v.string()),
    cwd: v.optional(FilePath),
    /** Write the path of the socket where clients of packages/ipc look for it. */
    discovery: v.optional(v.boolean()),
  })),
});
export type DaemonSettings = v.InferOutput<typeof DaemonSettings>;

/** `[settings]` of the user's own file, which a project's has not all of. */
export const UserSettings = v.strictObject({
  ...Settings.entries,
  /** Directories whose manifests may run code without being asked about. */
  trusted_paths: v.optional(v.array(v.string()), []),
  /** Executables of packages that get a shim although the system has a command of that name. */
  allowed_shims: v.optional(v.array(v.string()), []),
});

/** The user's own `config.toml`. */
export const UserConfigDocument = v.strictObject({
  settings: v.optional(UserSettings, { trusted_paths: [], allowed_shims: [] }),
  mirrors: v.optional(MirrorTable, {}),
  /** Tools that haft's own catalogue lacks, or has otherwise; for every project. */
  catalogue: v.optional(OwnEntries, {}),
  daemon: v.optional(DaemonSettings, {}),
  fleet: v.optional(FleetSettings),
});
export type UserConfigDocument = v.InferOutput<typeof UserConfigDocument>;
