import { closeSync, mkdirSync, openSync } from "node:fs";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import process from "node:process";
import type { FileHashes } from "../archive/file_hashes.ts";
import { syncAndClose, writeFully } from "../archive/tree_writer.ts";
import { HASHES_FILE, type Receipt, RECEIPT_DIRECTORY, RECEIPT_FILE } from "../store/receipt.ts";

/**
 * Writes `.haft/` into a staged tree, and waits for the disk once: what is staged counts for nothing until it
 * is renamed.
 */
export async function writeReceipt(
  staged: string,
  { receipt, files }: { receipt: Receipt; files: FileHashes },
): Promise<void> {
  const directory = join(staged, RECEIPT_DIRECTORY);
  mkdirSync(directory, { mode: 0o755 });
  const opened: number[] = [];
  const open = (path: string, flags: string): number => {
    const fd = openSync(path, flags, 0o644);
    opened.push(fd);
    return fd;
  };
  try {
    const hashes = open(join(directory, HASHES_FILE), "wx");
    for (const part of files.lines()) writeFully(hashes, part);
    writeFully(open(join(directory, RECEIPT_FILE), "wx"), Buffer.from(receiptText(receipt)));
    if (process.platform !== "win32") { for (const one of [directory, staged]) open(one, "r"); }
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
  const synced = await Promise.allSettled(opened.map((fd) => syncAndClose(fd)));
  for (const one of synced) if (one.status === "rejected") throw one.reason;
}

export function receiptText(receipt: Receipt): string {
  return `${JSON.stringify(receipt, null, 2)}\n`;
}
