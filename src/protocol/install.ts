import * as v from "valibot";
import { PlannedArtifact, ToolKind } from "./artifact.ts";
import { ToolOptions } from "./tool_options.ts";

/**
 * Why an installation has the files that it has: haft chose them from the user's own sources (`resolved`), a
 * lock file named them (`locked`), or they came from sources that a trusted project named (`project`).
 */
export const InstallOrigin = v.picklist(["resolved", "locked", "project"]);
export type InstallOrigin = v.InferOutput<typeof InstallOrigin>;

/**
 * What `haft sync` tells a child `haft install --ipc-channel NAME` to do: the whole job, so that the child
 * reads neither the manifest nor the lock file. Sent as the `data` of the first message on the channel.
 */
export const InstallConfig = v.strictObject({
  tool_name: v.string(),
  version: v.string(),
  /** The directory name in the store; see `storeId()`. */
  store_id: v.string(),
  /** The platform's key, e.g. `linux-x64-glibc`. */
  platform: v.string(),
  kind: ToolKind,
  artifacts: v.pipe(v.array(PlannedArtifact), v.minLength(1)),
  /**
   * Executable name → path below the install directory. Empty when the files themselves tell: the package's
   * own `bin` for `js`, the programs that are found for `native`.
   */
  bin: v.record(v.string(), v.string()),
  /** Launchers that are written for jars: launcher → jar, both below the install directory. */
  launchers: v.optional(v.record(v.string(), v.string())),
  /** Commands that are Node scripts: where each is linked → the script, both below the install directory. */
  scripts: v.optional(v.record(v.string(), v.string())),
  /** The tool's own options from the manifest (`[tools.NAME.options]`). */
  options: ToolOptions,
  /**
   * The source that a manifest defines for the tool, as `[catalogue]` has it; absent for haft's own tools.
   */
  definition: v.optional(v.record(v.string(), v.unknown())),
  /** Globs of files that are left out: those of components that are not asked for, and of the options. */
  exclude: v.optional(v.array(v.string())),
  /** Variables for the install step alone (`install_env`). */
  install_env: v.record(v.string(), v.string()),
  /** The first artifact's address where the lock file holds one (http sources), else null. */
  download_url: v.nullable(v.string()),
  /** Where the first artifact is fetched instead; its integrity decides as ever. */
  download_from: v.optional(v.string()),
  /** The first artifact's integrity. */
  integrity: v.string(),
  /** The text of `bun.lock` for a `js` tool that was installed before. */
  dependencies_lock: v.nullable(v.string()),
  /** Why it is these files. Default `locked`. */
  origin: v.optional(InstallOrigin),
  /** Where npm's project configuration is looked for. */
  project_dir: v.string(),
  /** Whether that configuration counts. Default false. */
  project_trusted: v.optional(v.boolean()),
  /** Whether a package may bring dependencies by git or from an address, past the registry. Default false. */
  remote_dependencies: v.optional(v.boolean()),
  /** URL prefix → what stands in its place (`[mirrors]`), for http sources. */
  mirrors: v.optional(v.record(v.string(), v.string())),
  force: v.boolean(),
  offline: v.boolean(),
  /** Artifacts are fetched once for the fleet that this machine is in. Default false. */
  share: v.optional(v.boolean()),
  /**
   * Whether the child waits for another job on the channel after it has completed this one. It ends when the
   * parent leaves, or after a failure. Default false.
   */
  stay: v.optional(v.boolean()),
});
export type InstallConfig = v.InferOutput<typeof InstallConfig>;

/**
 * Whether an install may run code of what it installs, or of the project: a build, or the user's
 * `postinstall`. Archives are unpacked, and Bun installs packages without running their scripts.
 */
export function installMayRunCode({ kind, options }: Pick<InstallConfig, "kind" | "options">): boolean {
  return kind !== "native" && kind !== "js" || options.postinstall !== undefined;
}

/**
 * What a child reports, as `{type: "event", event: "install.progress", data}`. The last is `completed` or
 * `failed`.
 */
export const InstallProgress = v.variant("state", [
  v.strictObject({ state: v.literal("started"), tool: v.string(), version: v.string() }),
  v.strictObject({
    state: v.literal("downloading"),
    tool: v.string(),
    /** 0 to 100; null while the size is unknown. */
    percent: v.nullable(v.number()),
    bytes_downloaded: v.number(),
    total_bytes: v.nullable(v.number()),
  }),
  v.strictObject({ state: v.literal("extracting"), tool: v.string(), percent: v.nullable(v.number()) }),
  v.strictObject({ state: v.literal("post_install"), tool: v.string(), message: v.string() }),
  v.strictObject({
    state: v.literal("completed"),
    tool: v.string(),
    version: v.string(),
    install_path: v.string(),
    /** True when the store already had it and nothing was done. */
    already_installed: v.boolean(),
    /** The text of the installer's own lock file, for a `js` tool with dependencies. */
    dependencies_lock: v.nullable(v.string()),
  }),
  v.strictObject({
    state: v.literal("failed"),
    tool: v.string(),
    error: v.string(),
    /** The next step for the user, where there is one. */
    next: v.nullable(v.string()),
  }),
]);
export type InstallProgress = v.InferOutput<typeof InstallProgress>;

/** The event name that carries {@link InstallProgress}. */
export const INSTALL_PROGRESS_EVENT = "install.progress";
