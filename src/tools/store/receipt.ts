import { readTextFile } from "../../base/read_text_file.ts";
import { join } from "node:path";
import * as v from "valibot";
import { hasDependencies, PlannedArtifact, ToolKind } from "../../protocol/artifact.ts";
import { pythonLockHas } from "../python_lock.ts";
import { type InstallConfig, InstallOrigin } from "../../protocol/install.ts";
import { changeFiles, optionsText, ToolOptions } from "../../protocol/tool_options.ts";
import { lockedIntegrity } from "../bun_lock.ts";

/** haft's own directory inside an installed tool; no archive may contain it. */
export const RECEIPT_DIRECTORY = ".haft";
/** Small, read by every command. */
export const RECEIPT_FILE = "receipt.json";
/** The hash of every regular file, as `sha256sum -c` reads it; read only to check an installation. */
export const HASHES_FILE = "files.sha256";

/** The receipt's path in an install directory. */
export function receiptPath(directory: string): string {
  return join(directory, RECEIPT_DIRECTORY, RECEIPT_FILE);
}

/** What the registry's signature said of an npm artifact. `not-checked`: an http artifact has none. */
export const SignatureState = v.picklist(["verified", "not-offered", "unknown-key", "not-checked"]);
export type SignatureState = v.InferOutput<typeof SignatureState>;

/**
 * What was installed, from where, and when: `.haft/receipt.json`. Its presence makes an installation
 * complete.
 */
export const Receipt = v.strictObject({
  schema: v.literal(1),
  /** As the manifest names it. */
  tool: v.string(),
  store_id: v.string(),
  version: v.string(),
  platform: v.string(),
  kind: ToolKind,
  artifacts: v.array(PlannedArtifact),
  /**
   * Executable name → path below the install directory. For `js`, a script that a JavaScript runtime runs.
   */
  bin: v.record(v.string(), v.string()),
  signature: SignatureState,
  /** Why it is these files; an older haft's receipt does not say. */
  origin: v.optional(InstallOrigin),
  /** The project whose sources they came from, for the origin `project`. */
  project: v.optional(v.string()),
  /** The source that a manifest's `[catalogue]` defines for it; absent for haft's own tools. */
  definition: v.optional(v.record(v.string(), v.unknown())),
  /** `[tools.NAME.options]`, where there were any. */
  options: v.optional(ToolOptions),
  /** For `js`: haft chose the dependencies, or a project's lock of them did. */
  dependencies: v.optional(v.picklist(["chosen", "locked"])),
  /** ISO 8601, UTC. */
  installed_at: v.string(),
  /** The version of haft that installed it. */
  haft_version: v.string(),
});
export type Receipt = v.InferOutput<typeof Receipt>;

/**
 * @returns undefined for a receipt of another form than this haft's: such an installation counts as missing
 * and is made anew
 * @throws when the text is no receipt at all
 */
export function parseReceipt(text: string): Receipt | undefined {
  const value: unknown = JSON.parse(text);
  const result = v.safeParse(Receipt, value, { abortEarly: true });
  if (result.success) return result.output;
  v.parse(v.looseObject({ schema: v.number(), tool: v.string() }), value);
  return undefined;
}

/**
 * Whether what is installed is exactly what a config asks for: the same files for the same platform, and for
 * `js` the same dependencies.
 *
 * @param dependencies the installation's own lock, see `installedDependencies()`
 */
export function satisfiedBy(
  receipt: Receipt,
  config: InstallConfig,
  dependencies: () => string | undefined,
): boolean {
  return receipt.platform === config.platform && receipt.version === config.version &&
    receipt.kind === config.kind && receipt.artifacts.length === config.artifacts.length &&
    sameOptions(receipt.options ?? {}, config.options) &&
    receipt.artifacts.every((installed, index) => sameArtifact(installed, config.artifacts[index])) &&
    (hasDependencies(config.kind)
      ? sameDependencies(receipt, config, dependencies)
      : Object.keys(config.bin).length === 0 || sameExecutables(receipt.bin, config.bin));
}

/** Without options, free ones of another project, which changed no file, will do. */
function sameOptions(installed: ToolOptions, wanted: ToolOptions): boolean {
  return optionsText(installed) === optionsText(wanted) ||
    (Object.keys(wanted).length === 0 && !changeFiles(installed));
}

/** Without a lock of them, only dependencies that haft chose will do: another project's lock may name any. */
function sameDependencies(
  receipt: Receipt,
  config: InstallConfig,
  dependencies: () => string | undefined,
): boolean {
  // What is installed has a lock of this version: the same text need not be read, which may be long.
  const { dependencies_lock: lock } = config;
  if (lock !== null && lock === dependencies()) return true;
  return usableDependencies(config) === undefined && receipt.dependencies === "chosen" &&
    isFromSourcesOf(receipt, config.project_dir);
}

/** Whether the user's sources, or a project's own, are where an installation came from. */
function isFromSourcesOf({ origin, project }: Receipt, root: string): boolean {
  return origin !== "project" || project === root;
}

/**
 * Whether haft chose it for this project or for everybody: neither a lock file nor another project's sources
 * had a say in it.
 */
export function isOwnChoice(receipt: Receipt, root: string): boolean {
  const { origin, kind, dependencies } = receipt;
  return (origin === "resolved" || origin === "project") && isFromSourcesOf(receipt, root) &&
    (!hasDependencies(kind) || dependencies === "chosen");
}

/**
 * The config's lock of dependencies, when it is one of this version; after an upgrade it is not, and the
 * dependencies are chosen anew.
 */
export function usableDependencies(
  { dependencies_lock: lock, artifacts }: InstallConfig,
): string | undefined {
  const artifact = artifacts[0]?.artifact;
  if (lock === null) return undefined;
  if (artifact?.kind === "pypi") {
    const { package: name, integrity } = artifact;
    return pythonLockHas(lock, { name, integrity }) ? lock : undefined;
  }
  if (artifact?.kind !== "npm") return undefined;
  return lockedIntegrity(lock, artifact.package, artifact.version) === undefined ? undefined : lock;
}

/** The lock of the dependencies in an install directory; one that cannot be read was not installed whole. */
export function installedDependencies(directory: string): string | undefined {
  for (const kind of ["js", "python"] as const) {
    try {
      return readTextFile(dependenciesPath(directory, kind));
    } catch {
      // Not there, or not readable.
    }
  }
  return undefined;
}

export function dependenciesPath(directory: string, kind: ToolKind): string {
  return join(directory, kind === "python" ? "requirements.lock" : "bun.lock");
}

/** The integrity decides: the same file may have come from another address. */
function sameArtifact(installed: PlannedArtifact, wanted: PlannedArtifact | undefined): boolean {
  return wanted !== undefined && installed.artifact.integrity === wanted.artifact.integrity &&
    installed.format === wanted.format && installed.strip === wanted.strip && installed.into === wanted.into;
}

function sameExecutables(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
