import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../base/errors.ts";
import type { PlannedArtifact } from "../../protocol/artifact.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { ARCHIVE_LIMITS } from "../archive/limits.ts";
import type { FileHashes } from "../archive/file_hashes.ts";
import { syncDirectory, TreeWriter } from "../archive/tree_writer.ts";
import { entryPath } from "../archive/entry_path.ts";
import type { ArtifactAddress } from "../sources/source.ts";
import { sourceOf } from "../sources/sources.ts";
import { RECEIPT_DIRECTORY } from "../store/receipt.ts";
import process from "node:process";
import { unpackArtifact } from "./artifact_pipeline.ts";
import { RestartDownload } from "./download.ts";
import { HttpError } from "../http/http_error.ts";
import { fetchByMirror, isPublic, type SharedArtifact, UselessCopy } from "./artifact_mirror.ts";
import { excludedBy, excludedExecutable } from "./excluded.ts";
import { failpoint } from "./failpoint.ts";
import type { InstallDeps } from "./install_deps.ts";
import { IntegrityError } from "../integrity.ts";
import { PartFile } from "./part_file.ts";
import { DownloadProgress } from "./progress.ts";
import { Staging } from "./staging.ts";

/** A tree that is ready to become an installation, and what is kept until it is one. */
export interface StagedTree extends Disposable {
  readonly path: string;
  /** Executable name → path below the tree. */
  readonly bin: Record<string, string>;
  readonly files: FileHashes;
  /** Call when the tree is in the store: what was downloaded is not needed any more. */
  activated(): void;
}

/** How often a tree is begun again: once for a wrong hash, and when a server cannot resume. */
const MAX_RESTARTS = 3;

/**
 * Downloads, verifies and unpacks all artifacts of a native tool into one staged tree.
 * @param installation the name that the caller holds the lock of.
 */
export async function stageNative(
  config: InstallConfig,
  context: { deps: InstallDeps; installation: string },
): Promise<StagedTree> {
  return await stageTree(config, { ...context, contents: programs(config) });
}

/**
 * Downloads, verifies and unpacks what a tool is built from, as {@link stageNative} does with a native tool.
 * Disposing of the tree removes it; `activated` forgets the download.
 */
export async function stageSources(
  config: InstallConfig,
  context: { deps: InstallDeps; installation: string },
): Promise<StagedTree> {
  const contents: Contents = { complete: async () => {}, executables: () => Promise.resolve({}) };
  return await stageTree(config, { ...context, contents });
}

/** What a tree is beside what its archives hold. */
export interface Contents {
  /** Adds files and links to an unpacked tree. */
  complete(writer: TreeWriter): Promise<void>;
  /** The executables of the whole tree: name → path below the root. */
  executables(root: string): Promise<Record<string, string>>;
}

interface TreeContext {
  deps: InstallDeps;
  installation: string;
  contents: Contents;
}

/** Downloads, verifies and unpacks the artifacts of a config into one staged tree. */
export async function stageTree(
  config: InstallConfig,
  { deps, installation, contents }: TreeContext,
): Promise<StagedTree> {
  const parts = config.artifacts.map(({ artifact }) =>
    new PartFile(deps.paths.downloads, { installation, integrity: artifact.integrity })
  );
  try {
    const { staging, files, bin } = await stageUntilRight(config, { deps, installation, contents, parts });
    return {
      path: staging.path,
      files,
      bin,
      activated: () => parts.forEach((part) => part.discard()),
      [Symbol.dispose]: () => staging[Symbol.dispose](),
    };
  } catch (error) {
    for (const part of parts) part.close();
    throw error;
  }
}

interface Attempt extends TreeContext {
  parts: PartFile[];
}

async function stageUntilRight(config: InstallConfig, attempt: Attempt) {
  let wrongHashes = 0;
  for (let restarts = 0;; restarts++) {
    const staging = new Staging(attempt.deps.paths, attempt.installation);
    try {
      return { staging, ...await stageOnce(config, { ...attempt, staging, guess: restarts === 0 }) };
    } catch (error) {
      staging[Symbol.dispose]();
      if (error instanceof UselessCopy) {
        restarts--;
        continue;
      }
      const wrongHash = error instanceof IntegrityError;
      if (wrongHash || error instanceof RestartDownload && error.cause !== undefined) {
        for (const part of attempt.parts) if (!part.complete || wrongHash) part.restart();
        wrongHashes++;
      } else if (!(error instanceof RestartDownload)) throw error;
      if (wrongHashes > 1 || restarts >= MAX_RESTARTS) {
        throw error instanceof RestartDownload ? error.cause ?? error : error;
      }
    }
  }
}

async function stageOnce(
  config: InstallConfig,
  { deps, parts, staging, contents, guess }: Attempt & { staging: Staging; guess: boolean },
): Promise<{ files: FileHashes; bin: Record<string, string> }> {
  const limits = deps.limits ?? ARCHIVE_LIMITS;
  const writer = new TreeWriter(staging.path, {
    limits,
    reserved: [RECEIPT_DIRECTORY],
    excluded: excludedBy(config.exclude ?? []),
    onFile: () => failpoint("mid-extract"),
  });
  const progress = new DownloadProgress(config.tool_name, { report: deps.report, count: parts.length });
  for (const [index, planned] of config.artifacts.entries()) {
    const part = parts[index];
    if (part === undefined) throw new Error("an artifact has no part file");
    progress.begin(index);
    const { artifact } = planned;
    const source = sourceOf(artifact.kind);
    const context = { deps, part, writer, progress, tool: config.tool_name };
    const instead = index === 0 ? config.download_from : undefined;
    const address = () =>
      instead === undefined ? source.address(artifact, deps) : { url: instead, headers: {} };
    const likely = guess && instead === undefined ? await source.likelyAddress?.(artifact, deps) : undefined;
    if (likely === undefined || !await fetchLikely(planned, { ...context, address: likely })) {
      await fetchArtifact(planned, { ...context, address: await address() });
    }
  }
  deps.report({ state: "extracting", tool: config.tool_name, percent: 100 });
  await contents.complete(writer);
  const files = await writer.finish();
  const bin = await contents.executables(staging.path);
  makeExecutable({ ...config, bin }, staging.path);
  failpoint("after-extract");
  return { files, bin };
}

interface Fetch {
  deps: InstallDeps;
  part: PartFile;
  writer: TreeWriter;
  progress: DownloadProgress;
  address: ArtifactAddress;
  tool: string;
  /** How often each request is made where it fails; by default what the client does. */
  attempts?: number;
}

/** @returns false when the address was wrong, and nothing has come from it; other bytes fail as ever */
async function fetchLikely(planned: PlannedArtifact, fetch: Fetch): Promise<boolean> {
  const { part, address } = fetch;
  // What an earlier run has from elsewhere is worth more.
  if (part.size > 0 && part.source?.url !== address.url) return false;
  try {
    await fetchArtifact(planned, { ...fetch, attempts: 1 });
    return true;
  } catch (error) {
    if (error instanceof HttpError && part.size === 0) return false;
    throw error;
  }
}

/** One artifact into the tree: from its source, or through the mirror that machines share. */
async function fetchArtifact(
  planned: PlannedArtifact,
  { deps, part, writer, progress, address, tool, attempts }: Fetch,
): Promise<void> {
  const { mirror, signal, http, limits = ARCHIVE_LIMITS } = deps;
  const { integrity } = planned.artifact;
  const fetch = (copy?: SharedArtifact) =>
    unpackArtifact(planned, {
      part,
      writer,
      source: {
        ...(copy === undefined ? { ...address, http } : { ...copy, headers: {} }),
        signal,
        maxBytes: limits.downloadBytes,
        ...attempts === undefined || copy !== undefined ? {} : { attempts },
        onProgress(state) {
          progress.update(state);
          if (copy === undefined) mirror?.fetching(integrity, state);
        },
      },
    });
  if (mirror === undefined || !isPublic(address)) return await fetch();
  const say = (message: string) => deps.report({ state: "post_install", tool, message });
  await fetchByMirror(mirror, {
    integrity,
    path: part.path,
    signal,
    onWait: ({ host }) => say(`waiting for host ${host}, which fetches it`),
    onShare: () => say("giving it to the other hosts"),
    fetch,
  });
}

function programs(config: InstallConfig): Contents {
  return {
    complete: async (writer) => {
      for (const [path, jar] of Object.entries(config.launchers ?? {})) {
        const { writeJavaLauncher } = await import("./java_launcher.ts");
        await writeJavaLauncher(writer, path, jar);
      }
      for (const [link, script] of Object.entries(config.scripts ?? {})) {
        const { linkScript } = await import("./script_link.ts");
        await linkScript(writer, { link, script });
      }
    },
    executables: (root) => executables(config, root),
  };
}

/** Those of the job, or the programs that the archives hold. */
async function executables(config: InstallConfig, root: string): Promise<Record<string, string>> {
  if (Object.keys(config.bin).length > 0) return config.bin;
  const { foundExecutables } = await import("./found_executables.ts");
  const found = foundExecutables(root);
  if (Object.keys(found).length > 0) return found;
  throw new HaftError(`"${config.tool_name}" ${config.version} holds no program for this system`, {
    next: "Choose another version or source",
  });
}

/** npm sets the mode of the executables that a package declares, so some packages ship them without it. */
function makeExecutable(config: InstallConfig, root: string): void {
  for (const [name, path] of Object.entries(config.bin)) {
    const components = entryPath(path, { platform: process.platform });
    const file = join(root, ...components);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() !== true) {
      if (excludedBy(config.exclude ?? [])?.(components)) throw excludedExecutable(config, name);
      throw new HaftError(`"${config.tool_name}" ${config.version} has no executable "${name}" at ${path}`, {
        next: "Choose another version, or report it: the catalogue's entry does not fit this one",
      });
    }
    if ((stats.mode & 0o111) !== 0 || process.platform === "win32") continue;
    chmodSync(file, 0o755);
    syncDirectory(join(file, ".."));
  }
}
