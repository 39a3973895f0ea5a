import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { FileHashes } from "../archive/file_hashes.ts";
import { syncDirectory, writeFully } from "../archive/tree_writer.ts";
import { HASHES_FILE, type Receipt, RECEIPT_DIRECTORY, RECEIPT_FILE } from "../store/receipt.ts";
import process from "node:process";

/** Writes `.haft/` into a staged tree: the hashes first, the receipt last. */
export function writeReceipt(
  staged: string,
  { receipt, files }: { receipt: Receipt; files: FileHashes },
): void {
  const directory = join(staged, RECEIPT_DIRECTORY);
  mkdirSync(directory, { mode: 0o755 });
  writeDurably(join(directory, HASHES_FILE), files.lines());
  writeDurably(join(directory, RECEIPT_FILE), [Buffer.from(receiptText(receipt))]);
  if (process.platform === "win32") return;
  syncDirectory(directory);
  syncDirectory(staged);
}

export function receiptText(receipt: Receipt): string {
  return `${JSON.stringify(receipt, null, 2)}\n`;
}

function writeDurably(path: string, parts: Iterable<Uint8Array>): void {
  const fd = openSync(path, "wx", 0o644);
  try {
    for (const part of parts) writeFully(fd, part);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
