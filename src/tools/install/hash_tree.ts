import { closeSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { HaftError } from "../../base/errors.ts";
import { WorkPool } from "../../base/work_pool.ts";
import { createSha256, type Sha256 } from "../../runtime/bun_sha256.ts";
import { FileHashes } from "../archive/file_hashes.ts";
import { MAX_SYNCING, syncAndClose } from "../archive/tree_writer.ts";
import type { Reporter } from "../reporter.ts";

const READ_SIZE = 256 * 1024;
/** Bytes after which what else waits has its turn, such as the sign of life of this step. */
const TURN_SIZE = 32 * 2 ** 20;

export interface HashTreeOptions {
  /** Whose tree it is. */
  tool: string;
  report: Reporter;
  signal: AbortSignal;
  /** Tells the links, by their path below the root, that may lead out. */
  leaves?: (path: string) => boolean;
}

/**
 * Hashes and syncs a tree that another program wrote, and reports how far it is. Its links must stay inside.
 *
 * @throws {HaftError}
 * @throws the signal's reason
 */
export async function hashTree(root: string, options: HashTreeOptions): Promise<FileHashes> {
  const { tool, report, signal } = options;
  const { files, directories } = readTree(root, options);
  const hashes = new FileHashes();
  const sha256 = createSha256();
  const buffer = new Uint8Array(READ_SIZE);
  const syncing = new WorkPool(MAX_SYNCING);
  let percent = -1;
  try {
    for (const [index, path] of files.entries()) {
      signal.throwIfAborted();
      const now = Math.floor(index / files.length * 100);
      if (now !== percent) report({ state: "post_install", tool, message: `hashing its files, ${now} %` });
      percent = now;
      const fd = openSync(join(root, path), "r");
      try {
        hashes.add(path, await hashOf(fd, { sha256, buffer }));
      } catch (error) {
        closeSync(fd);
        throw error;
      }
      syncing.start(() => sync(fd));
      await syncing.room();
    }
    for (const directory of process.platform === "win32" ? [] : directories) {
      const fd = openSync(join(root, directory), "r");
      syncing.start(() => sync(fd));
      await syncing.room();
    }
  } finally {
    await syncing.settle();
  }
  await syncing.finish();
  return hashes;
}

/** Below the root, each directory behind what it holds. */
function readTree(
  root: string,
  { leaves = () => false }: Pick<HashTreeOptions, "leaves">,
): { files: string[]; directories: string[] } {
  const files: string[] = [];
  const directories: string[] = [];
  const realRoot = realpathSync(root);
  const visit = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) files.push(path);
      else if (!entry.isSymbolicLink() || !leaves(path)) {
        checkLink(join(root, path), { path, realRoot, isLink: entry.isSymbolicLink() });
      }
    }
    directories.push(directory);
  };
  visit("");
  return { files, directories };
}

async function hashOf(
  fd: number,
  { sha256, buffer }: { sha256: Sha256; buffer: Uint8Array },
): Promise<Uint8Array> {
  let bytes = 0;
  for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
    sha256.update(buffer.subarray(0, count));
    bytes += count;
    if (bytes % TURN_SIZE === 0) await nextTurn();
  }
  return sha256.digest();
}

/** Windows syncs no file that is open for reading only. */
async function sync(fd: number): Promise<void> {
  if (process.platform === "win32") closeSync(fd);
  else await syncAndClose(fd);
}

function checkLink(
  file: string,
  { path, realRoot, isLink }: { path: string; realRoot: string; isLink: boolean },
): void {
  if (!isLink) {
    throw new HaftError(`The package holds ${JSON.stringify(path)}, which is neither a file nor a link`);
  }
  if (!realpathSync(file).startsWith(realRoot + sep)) {
    throw new HaftError(`The package holds ${JSON.stringify(path)}, a link that leaves its directory`);
  }
}
