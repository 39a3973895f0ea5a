import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import process from "node:process";
import { HaftError } from "../../base/errors.ts";
import { syncDirectory, type WrittenFile } from "../archive/tree_writer.ts";

const READ_SIZE = 256 * 1024;

/**
 * Hashes and syncs a tree that another program wrote. Its links must stay inside.
 * @param leaves the links, by their path below the root, that may lead out
 * @throws {HaftError}
 */
export function hashTree(
  root: string,
  { leaves = () => false }: { leaves?: (path: string) => boolean } = {},
): WrittenFile[] {
  const files: WrittenFile[] = [];
  const realRoot = realpathSync(root);
  const buffer = new Uint8Array(READ_SIZE);
  const visit = (directory: string): void => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) files.push({ path, sha256: hashAndSync(join(root, path), buffer) });
      else if (!entry.isSymbolicLink() || !leaves(path)) {
        checkLink(join(root, path), { path, realRoot, isLink: entry.isSymbolicLink() });
      }
    }
    if (process.platform !== "win32") syncDirectory(join(root, directory));
  };
  visit("");
  return files;
}

function hashAndSync(file: string, buffer: Uint8Array): string {
  const hash = createHash("sha256");
  const fd = openSync(file, "r");
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, count));
    }
    if (process.platform !== "win32") fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return hash.digest("hex");
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
