import { HaftError } from "../../base/errors.ts";
import { type Artifact, hasDependencies, type PlannedArtifact } from "../../protocol/artifact.ts";
import type { InstallConfig, InstallOrigin } from "../../protocol/install.ts";
import { effectiveOptions, type ToolOptions } from "../../protocol/tool_options.ts";
import { builtInCatalogue } from "../catalogue/catalogue.ts";
import { definedSource, type DefinedTool, definitionKey } from "../catalogue/definition.ts";
import { toolSource } from "../catalogue/tool_source.ts";
import { lockedArtifacts, type LockedTool } from "../locked_tool.ts";
import { type Platform, PLATFORMS } from "../platform.ts";
import { storeId, type ToolRequest } from "../request.ts";
import type { Layout } from "../sources/source.ts";
import { sourceOf } from "../sources/sources.ts";
import { chosenComponents } from "./chosen_components.ts";

export interface InstallConfigOptions {
  platform: Platform;
  /** Where npm's project configuration is looked for. */
  projectDir: string;
  force: boolean;
  offline: boolean;
  /** Whether the user's sources gave the answer just now, or a lock file did; see `InstallOrigin`. */
  origin: InstallOrigin;
  /** The text at `dependenciesLockPath()`, for a `js` tool that was installed before. */
  dependenciesLock: string | null;
}

/**
 * The whole job of installing a locked tool on one platform.
 * @throws {HaftError} when the version is not published for the platform, naming those it is published for
 */
export function installConfig(
  request: ToolRequest,
  locked: LockedTool,
  { platform, projectDir, force, offline, origin, dependenciesLock }: InstallConfigOptions,
): InstallConfig {
  const artifacts = lockedArtifacts(locked, platform);
  const [first] = artifacts ?? [];
  if (artifacts === undefined || first === undefined) throw notPublished(request, locked, platform);
  const whole = locked.kind === "native" ? nativeLayout(request, locked, platform) : PACKAGE_LAYOUT;
  const { layout, exclude, chosen } = chosenComponents(request, locked, whole);
  return {
    tool_name: request.name,
    version: locked.version,
    store_id: toolStoreId(request),
    platform,
    kind: locked.kind,
    artifacts: artifacts.flatMap((artifact, index) =>
      chosen(index) ? [planned(artifact, index, layout)] : []
    ),
    bin: layout.bin,
    ...(layout.launchers === undefined ? {} : { launchers: { ...layout.launchers } }),
    ...scriptsOf(layout),
    options: effectiveOptions(request.options),
    ...(request.definition === null ? {} : { definition: { ...definedSource(request, request.definition) } }),
    ...(exclude.length === 0 ? {} : { exclude }),
    install_env: request.installEnv,
    download_url: first.kind === "http" ? first.url : null,
    integrity: first.integrity,
    dependencies_lock: hasDependencies(locked.kind) ? dependenciesLock : null,
    origin,
    project_dir: projectDir,
    force,
    offline,
  };
}

/** The scripts that executables of the layout lead to: a component that is left out has none. */
function scriptsOf({ scripts, bin }: Layout): Pick<InstallConfig, "scripts"> {
  if (scripts === undefined) return {};
  const links = Object.values(bin).map((path) => path.replace(/\.cmd$/, ""));
  return { scripts: Object.fromEntries(Object.entries(scripts).filter(([link]) => links.includes(link))) };
}

/** The tool's directory name in the store. */
export function toolStoreId(tool: DefinedTool & { options?: ToolOptions }): string {
  return storeId(tool, {
    catalogueSource: builtInCatalogue.source(tool.name),
    definition: definitionKey(tool),
  });
}

/** npm's tarballs have one folder at their root. */
const PACKAGE_LAYOUT: Layout = { strip: 1, bin: {}, into: [] };

function nativeLayout(request: ToolRequest, locked: LockedTool, platform: Platform): Layout {
  const entry = toolSource(request);
  const layout = entry.source === locked.source
    ? sourceOf(entry.source).layout(entry, locked, platform)
    : undefined;
  if (layout !== undefined) return layout;
  throw new HaftError(
    `haft.lock has "${request.name}" ${locked.version} in a form that this haft does not know`,
    { next: 'Remove its entry from haft.lock and run "haft sync" to write it again' },
  );
}

/**
 * Whether the lock lacks a platform that the catalogue expects the version to be published for. A lock that
 * was written behind a mirror lists what that mirror had; elsewhere the same version may have more.
 */
export function lacksPublished(request: ToolRequest, locked: LockedTool, platform: Platform): boolean {
  if (locked.kind !== "native" || lockedArtifacts(locked, platform) !== undefined) return false;
  return isPublished(request, locked, platform);
}

function isPublished(request: ToolRequest, locked: LockedTool, platform: Platform): boolean {
  const entry = toolSource(request);
  return entry.source === locked.source &&
    sourceOf(entry.source).publishes(entry, locked.version, platform);
}

function planned(artifact: Artifact, index: number, { strip, into, file }: Layout): PlannedArtifact {
  const format = sourceOf(artifact.kind).format(artifact);
  return { artifact, format, strip, into: into[index] ?? "", ...(file === undefined ? {} : { file }) };
}

function notPublished(request: ToolRequest, locked: LockedTool, platform: Platform): HaftError {
  const published = PLATFORMS.filter((candidate) => locked.platforms[candidate] !== undefined);
  if (isPublished(request, locked, platform)) {
    return new HaftError(
      `haft.lock has "${request.name}" ${locked.version} for ${
        published.join(", ")
      }, but not for ${platform}`,
      { next: 'Run "haft sync" with a registry that has it, or choose another version' },
    );
  }
  return new HaftError(
    `"${request.name}" ${locked.version} is not published for ${platform}; it is for ${published.join(", ")}`,
    {
      next: `Choose another version or source, or limit it to other systems with os = […] under [tools] in ` +
        request.decidedBy.file,
    },
  );
}
