import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { HaftError } from "../base/errors.ts";
import type { ArchiveFormat } from "../protocol/artifact.ts";
import { ARCHIVE_LIMITS } from "../tools/archive/limits.ts";
import { TreeWriter } from "../tools/archive/tree_writer.ts";
import type { HttpClient } from "../tools/http/http_client.ts";
import { unpackArtifact } from "../tools/install/artifact_pipeline.ts";
import { RestartDownload } from "../tools/install/download.ts";
import { PartFile } from "../tools/install/part_file.ts";
import { IntegrityError } from "../tools/integrity.ts";

export interface StageOptions {
  http: HttpClient;
  signal: AbortSignal;
  /** SHA-256 in hex that the archive must have. */
  sha256: string;
  format: ArchiveFormat;
  /** Where a download that breaks off is kept, for the next try. */
  downloads: string;
  onProgress: (progress: { bytes: number; total: number | null }) => void;
}

/**
 * Downloads a release's archive and unpacks it into `directory`, which it makes. What is in the archive
 * counts only once the checksum is right: throw the directory away on any error.
 *
 * @throws {HaftError} when the archive cannot be had, or is not what the release says
 */
export async function stageRelease(url: string, directory: string, options: StageOptions): Promise<void> {
  try {
    await stageOnce(url, directory, options);
  } catch (error) {
    if (!(error instanceof RestartDownload)) throw error;
    // The server cannot go on where an earlier download ended: all of it, from the beginning.
    rmSync(directory, { recursive: true, force: true });
    await stageOnce(url, directory, options);
  }
}

async function stageOnce(url: string, directory: string, options: StageOptions): Promise<void> {
  const { http, signal, sha256, format, downloads, onProgress } = options;
  const integrity = `sha256-${Buffer.from(sha256, "hex").toString("base64")}`;
  mkdirSync(directory, { mode: 0o700 });
  const part = new PartFile(downloads, { installation: "haft", integrity });
  const writer = new TreeWriter(directory);
  try {
    await unpackArtifact({ artifact: { kind: "http", url, integrity }, format, strip: 1, into: "" }, {
      part,
      writer,
      source: { url, headers: {}, http, signal, maxBytes: ARCHIVE_LIMITS.downloadBytes, onProgress },
    });
    await writer.finish();
    part.discard();
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof RestartDownload) part.discard();
    else part.close();
    throw error;
  }
}

/** @throws {HaftError} when the executable does not run here, or is another version */
export function checkStarts(path: string, version: string): void {
  const { stdout, error } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 20_000 });
  if (stdout?.trim() === `haft ${version}`) return;
  throw new HaftError(
    `The new executable does not start here: ${error?.message ?? `it printed "${stdout?.trim()}"`}`,
    {
      next: "Nothing was changed",
    },
  );
}

/** Where the executable that an update replaced is kept. */
export function previousExecutable(state: string): string {
  return join(state, "self", process.platform === "win32" ? "previous.exe" : "previous");
}

/**
 * Puts `staged`, a file on the same file system, in the place of `executable` by one rename. The old one is
 * kept at `previous`. Killed anywhere, the executable is the old or the new one.
 */
export function swapExecutable(staged: string, executable: string, previous: string): void {
  mkdirSync(dirname(previous), { recursive: true, mode: 0o700 });
  const kept = `${previous}.new`;
  rmSync(kept, { force: true });
  try {
    linkSync(executable, kept);
  } catch {
    // Another file system, or one without links.
    copyFileSync(executable, kept);
  }
  // Windows does not overwrite a running executable, but moves it aside.
  if (process.platform === "win32") renameSync(executable, `${executable}.old`);
  renameSync(staged, executable);
  renameSync(kept, previous);
}

/**
 * Swaps the executable and the one that the last update replaced: a second rollback takes the first one back.
 *
 * @throws {HaftError} when there is none
 */
export function rollBack(executable: string, previous: string): void {
  if (!existsSync(previous)) {
    throw new HaftError("There is no earlier haft to go back to", {
      next: '"haft self update" keeps the one that it replaces',
    });
  }
  const staged = stagingPath(executable);
  copyFileSync(previous, staged);
  chmodSync(staged, 0o755);
  swapExecutable(staged, executable, previous);
}

/** Beside the executable, so that one rename can put it in place. */
export function stagingPath(executable: string): string {
  return join(dirname(executable), `.haft-update-${process.pid}`);
}
