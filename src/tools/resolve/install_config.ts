import { HaftError } from "../../base/errors.ts";
import type { Artifact, InstallConfig, PlannedArtifact } from "../../protocol/install.ts";
import { catalogueSource } from "../catalogue/catalogue.ts";
import type { HttpBuild, JsBuild, NpmNativeBuild } from "../catalogue/catalogue_schema.ts";
import { buildFor, executablesFor, toolOrigin } from "../catalogue/tool_source.ts";
import { type Executables, lockedArtifacts, type LockedTool } from "../lockfile/locked_tool.ts";
import { type Platform, PLATFORMS } from "../platform.ts";
import { storeId, type ToolRequest } from "../request.ts";

export interface InstallConfigOptions {
  platform: Platform;
  /** Where npm's project configuration is looked for. */
  projectDir: string;
  force: boolean;
  offline: boolean;
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
  { platform, projectDir, force, offline, dependenciesLock }: InstallConfigOptions,
): InstallConfig {
  const artifacts = lockedArtifacts(locked, platform);
  const [first] = artifacts ?? [];
  if (artifacts === undefined || first === undefined) throw notPublished(request, locked, platform);
  const layout = locked.kind === "js" ? JS_LAYOUT : nativeLayout(request, locked, platform);
  return {
    tool_name: request.name,
    version: locked.version,
    store_id: toolStoreId(request),
    platform,
    kind: locked.kind,
    artifacts: artifacts.map((artifact, index) => planned(artifact, index, layout)),
    bin: layout.bin,
    options: request.options,
    install_env: request.installEnv,
    download_url: first.kind === "http" ? first.url : null,
    integrity: first.integrity,
    dependencies_lock: locked.kind === "js" ? dependenciesLock : null,
    project_dir: projectDir,
    force,
    offline,
  };
}

/** The tool's directory name in the store. */
export function toolStoreId(tool: { name: string; source?: "npm" | "http" }): string {
  return storeId(tool, catalogueSource(tool.name));
}

interface Layout {
  strip: number;
  bin: Executables;
  /** Where each artifact goes; the ones after the end go to the root. */
  into: readonly string[];
}

/** npm's tarballs have one folder at their root. */
const JS_LAYOUT: Layout = { strip: 1, bin: {}, into: [] };

function nativeLayout(request: ToolRequest, locked: LockedTool, platform: Platform): Layout {
  const bin = locked.bin?.[platform];
  if (bin !== undefined) return { strip: 1, bin, into: [] };
  const build = nativeBuild(request, locked);
  if (build === undefined) {
    throw new HaftError(
      `haft.lock has "${request.name}" ${locked.version} in a form that this haft does not know`,
      {
        next: 'Remove its entry from haft.lock and run "haft sync" to write it again',
      },
    );
  }
  const companions = "companions" in build ? build.companions ?? [] : [];
  return {
    strip: build.strip,
    bin: executablesFor(build, platform),
    into: ["", ...companions.map(({ into }) => into)],
  };
}

function nativeBuild(request: ToolRequest, locked: LockedTool): NpmNativeBuild | HttpBuild | undefined {
  const origin = toolOrigin(request);
  if (origin.kind === "package" || origin.source.source !== locked.source) return undefined;
  const build: NpmNativeBuild | HttpBuild | JsBuild = buildFor(origin.source, locked.version);
  return build.kind === "native" ? build : undefined;
}

function planned(artifact: Artifact, index: number, { strip, into }: Layout): PlannedArtifact {
  const zip = artifact.kind === "http" && artifact.url.endsWith(".zip");
  return { artifact, format: zip ? "zip" : "tar.gz", strip, into: into[index] ?? "" };
}

function notPublished(request: ToolRequest, locked: LockedTool, platform: Platform): HaftError {
  const published = PLATFORMS.filter((candidate) => locked.platforms[candidate] !== undefined);
  if (nativeBuild(request, locked)?.platforms[platform] !== undefined) {
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
